const notes = [
  { hertz: 659.3, at: 0 },
  { hertz: 880, at: 0.12 },
]
const loudness = 0.12
const fading = 0.5

let audio: AudioContext | undefined

/** Two soft notes. Silent where the browser wants somebody to touch the page first. */
export function chime(): void {
  audio ??= new AudioContext()
  void audio.resume()
  for (const { hertz, at } of notes) play(audio, hertz, audio.currentTime + at)
}

function play(audio: AudioContext, hertz: number, start: number): void {
  const tone = new OscillatorNode(audio, { frequency: hertz })
  const volume = new GainNode(audio, { gain: 0 })
  volume.gain.setValueAtTime(0, start)
  volume.gain.linearRampToValueAtTime(loudness, start + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.0001, start + fading)
  tone.connect(volume).connect(audio.destination)
  tone.start(start)
  tone.stop(start + fading)
}
