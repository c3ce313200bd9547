"The whole way at a size that means nothing: videos -> prepare -> SyncNet -> stage 1 -> stage 2 -> lipsync -> evaluate. Runs where LATENTSYNC_CHAIN=1 is set."
import os, resource, time
from pathlib import Path
import numpy as np, pytest, soundfile
from PIL import Image
from latentsync.core import demo, shared
from latentsync.evaluate import evaluate
from latentsync.media import read_audio
from latentsync.pipeline import lipsync
from latentsync.prepare import files_list, prepare
from latentsync.train_syncnet import syncnet_recipe, train_syncnet
from latentsync.train_unet import train_unet, unet_recipe
from latentsync.trainer import read_metrics

pytestmark = pytest.mark.skipif(not os.environ.get('LATENTSYNC_CHAIN'), reason='takes minutes; set LATENTSYNC_CHAIN=1')
RATE = 16000

class Clock:
    "Prints what each part took."
    def __init__(self): self.wall = self.start = time.perf_counter(); self.cpu = self.begin = self.core()
    def core(self): return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    def __call__(self, part):
        wall, cpu = time.perf_counter(), self.core()
        print(f'{part:20} {wall-self.wall:6.1f} s, {cpu-self.cpu:6.1f} core-seconds', flush=True)
        self.wall, self.cpu = wall, cpu

def talking(folder):
    "Two videos in which lips follow the sound: the portrait and its mirror image, spoken for by the set of the clone."
    folder.mkdir()
    speech, face = read_audio(demo('speech.flac')), np.asarray(Image.open(demo('portrait.png')).convert('RGB').resize((256,300)))
    for name,picture,start in (('a',face,0), ('b',face[:,::-1],.8)):
        Image.fromarray(picture).save(folder/'face.png'); soundfile.write(folder/'sound.wav', speech[int(start*RATE):int((start+4)*RATE)], RATE)
        lipsync(folder/'face.png', folder/'sound.wav', folder/f'{name}.mp4', checkpoint='compact', device='cpu', progress=False)
    for name in 'face.png', 'sound.wav': (folder/name).unlink()
    return folder

def test_chain(tmp_path, capsys):
    with capsys.disabled():
        clock = Clock()
        videos, cache = talking(tmp_path/'videos'), tmp_path/'cache'
        clock('two videos')
        report = prepare(videos, tmp_path/'prepared', 64, workers=1, progress=False, min_seconds=2., max_seconds=4., min_confidence=0., min_quality=None, faces='mesh')
        assert report.clips, str(report)
        clips = files_list(tmp_path/'prepared', tmp_path/'clips.txt')
        clock('prepare')
        train_syncnet(tmp_path/'clips.txt', tmp_path/'syncnet', syncnet_recipe('tiny_syncnet', trainer=dict(device='cpu')), cache=cache)
        judge = sorted((tmp_path/'syncnet'/'checkpoints').glob('*.pt'), key=lambda p: p.stat().st_mtime)[-1]
        clock('SyncNet')
        cpu = dict(trainer=dict(device='cpu'))
        first = unet_recipe('tiny_stage1', **cpu)
        train_unet(tmp_path/'clips.txt', tmp_path/'one', first, cache=cache)
        clock('stage 1')
        weights = tmp_path/'one'/'checkpoints'/f'checkpoint-{first.trainer.steps}.pt'
        lpips = shared('weights','lpips_vgg_fp16.safetensors') # does not come with the clone
        parts = ('recon','temporal','sync') + ('perceptual',)*bool(lpips)
        if not lpips: print('stage 2 without LPIPS: shared/weights is not beside the clone')
        train_unet(tmp_path/'clips.txt', tmp_path/'two', unet_recipe('tiny_stage2', **cpu, training={} if lpips else dict(perceptual_weight=0.)), weights, judge, lpips, cache=cache)
        losses = read_metrics(tmp_path/'two')[-1]
        assert all(np.isfinite(losses[k]) for k in parts), losses
        assert 'random weights' in (tmp_path/'two'/'set'/'notes.txt').read_text()
        clock('stage 2')
        for name in 'results', 'truth': (tmp_path/name).mkdir()
        soundfile.write(tmp_path/'words.wav', read_audio(videos/'a.mp4')[:2*RATE], RATE)
        lipsync(videos/'a.mp4', tmp_path/'words.wav', tmp_path/'results'/'a.mp4', checkpoint=str(tmp_path/'two'/'set'), device='cpu', steps=2, guidance_scale=1., when_longer='cut', progress=False)
        clock('lipsync')
        lipsync(videos/'a.mp4', tmp_path/'words.wav', tmp_path/'truth'/'a.mp4', checkpoint='compact', device='cpu', when_longer='cut', progress=False)
        table = evaluate(tmp_path/'results', tmp_path/'truth', lpips_weights=shared('weights','lpips_alex_fp16.safetensors'))
        print(table)
        clock('evaluate')
        print(f'{"all":20} {clock.wall-clock.start:6.1f} s, {clock.cpu-clock.begin:6.1f} core-seconds; {len(clips)} clips of {report.seconds:.0f} s; {losses}')
    assert clock.cpu-clock.begin < 2*300 # five minutes on two cores
