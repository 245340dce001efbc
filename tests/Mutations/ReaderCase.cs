namespace OnnxFunctional.Tests.Mutations;

/// <summary>A reader of untrusted files: what it is given, and how it may refuse.</summary>
/// <param name="Name">The name in reports, and of its folder in tests/Reference/mutations.</param>
/// <param name="Samples">Files that it reads.</param>
/// <param name="Edits">How files are changed; each change takes one of these.</param>
/// <param name="Read">Reads a file of this content, and uses what it has read.</param>
/// <param name="Refusals">The documented exceptions.</param>
internal sealed record ReaderCase(
    string Name, Func<IReadOnlyList<byte[]>> Samples, IReadOnlyList<Edit> Edits, Action<byte[]> Read, IReadOnlyList<Type> Refusals)
{
    private static readonly byte[] s_extremes = [0x00, 0x7F, 0x80, 0xFF];

    private readonly Lazy<IReadOnlyList<byte[]>> _samples = new(Samples);

    /// <summary>The most bytes that one file of this reader may make us allocate, beside 64 for each of its own.</summary>
    public long MostAllocated { get; init; } = 16 << 20;

    /// <summary>What one file may make the process grow by, natively allocated memory included.</summary>
    public long MostGrowth { get; init; } = 768 << 20;

    /// <summary>The processor time after which a file hangs.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Whether all files with simple damage belong to every run, however short.</summary>
    public bool IsSmall { get; init; }

    /// <summary>What an <see cref="OnnxFunctional.Export.OnnxFileException"/> must name.</summary>
    public string Source { get; init; } = "";

    /// <summary>The files that it reads.</summary>
    public IReadOnlyList<byte[]> Unchanged => _samples.Value;

    /// <summary>Files that once were findings, in the order of their names; the last of them has the number -1.</summary>
    public IReadOnlyList<(string Name, Func<byte[]> Read)> Stored { get; init; } = StoredFiles(Name);

    /// <summary>How many files result from cutting all samples at each byte and from setting each byte to each of six values.</summary>
    private int DamagedFiles => Unchanged.Sum(sample => sample.Length) * (s_extremes.Length + 3);

    /// <summary>The numbers of the files of a run: stored ones below 0, as many with random changes as wanted, then some or all with simple damage.</summary>
    public (int First, int End) Numbers(int count) => (-Stored.Count, count + DamagedIn(count));

    // Random changes include simple damage too, though not all of it.
    private int DamagedIn(int count) => IsSmall ? DamagedFiles : Math.Min(count / 4, DamagedFiles);

    /// <summary>A file of a run.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="number">The number of the file.</param>
    /// <param name="count">How many of them the run has.</param>
    /// <param name="kept">The changes that are made, as bits; all by default.</param>
    public (byte[] Content, int Changes) File(int seed, int number, int count, int kept = -1) => number switch
    {
        < 0 => (Stored[number + Stored.Count].Read(), 1),
        _ when number < count => Changed(seed, number, kept),
        _ when DamagedIn(count) < DamagedFiles => (Damaged(new Random(HashOf(Name, seed, number)).Next(DamagedFiles)), 1),
        _ => (Damaged(number - count), 1),
    };

    private (byte[] Content, int Changes) Changed(int seed, int number, int kept)
    {
        var random = new Random(HashOf(Name, seed, number));
        var content = random.One(Unchanged);
        var changes = Math.Max(1, random.Next(-3, 5));
        for (var i = 0; i < changes; i++)
        {
            // Each change has its own numbers, so that it stays the same when another is left out.
            var own = new Random(random.Next());
            if ((kept & (1 << i)) != 0) content = own.One(Edits)(content, own);
        }

        return (content, changes);
    }

    private byte[] Damaged(int number)
    {
        var (place, kind) = Math.DivRem(number, s_extremes.Length + 3);
        var sample = Unchanged[0];
        for (var i = 1; place >= sample.Length; i++)
        {
            place -= sample.Length;
            sample = Unchanged[i];
        }

        if (kind == 0) return sample[..place];
        var result = (byte[])sample.Clone();
        result[place] = kind <= s_extremes.Length ? s_extremes[kind - 1] : (byte)(sample[place] ^ (kind == s_extremes.Length + 1 ? 1 : 0x40));
        return result;
    }

    private static IReadOnlyList<(string Name, Func<byte[]> Read)> StoredFiles(string name)
    {
        var folder = Repository.PathOf("tests", "Reference", "mutations", name);
        if (!Directory.Exists(folder)) return [];
        var files = Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal);
        return [.. files.Select(path => (Path.GetFileName(path), (Func<byte[]>)(() => System.IO.File.ReadAllBytes(path))))];
    }

    // HashCode differs from process to process. Generators whose seeds are close draw alike (a run then changed the same places of all its files), so the bits
    // are mixed, as SplitMix64 does.
    private static int HashOf(string name, int seed, int number)
    {
        var hash = unchecked(((ulong)(uint)seed << 32) | (uint)number);
        foreach (var character in name) hash = Mixed(hash + character);
        return unchecked((int)Mixed(hash));

        static ulong Mixed(ulong value)
        {
            unchecked
            {
                value += 0x9E3779B97F4A7C15;
                value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
                value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
                return value ^ (value >> 31);
            }
        }
    }
}
