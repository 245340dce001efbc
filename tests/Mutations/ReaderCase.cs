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
    /// <summary>Whether files reach ONNX Runtime, whose crashes end the process.</summary>
    public bool IsNative { get; init; }

    /// <summary>The files that it reads.</summary>
    public IReadOnlyList<byte[]> Unchanged => _samples.Value;

    private readonly Lazy<IReadOnlyList<byte[]>> _samples = new(Samples);

    /// <summary>The changed file of a number, and how many changes it has.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="index">The number of the file.</param>
    /// <param name="kept">The changes that are made, as bits; all by default.</param>
    public (byte[] Content, int Changes) Mutate(int seed, int index, int kept = -1)
    {
        var random = new Random(HashOf(Name, seed, index));
        var content = random.One(_samples.Value);
        var changes = Math.Max(1, random.Next(-3, 5));
        for (var i = 0; i < changes; i++)
        {
            // Each change has its own numbers, so that it stays the same when another is left out.
            var own = new Random(random.Next());
            if ((kept & (1 << i)) != 0) content = own.One(Edits)(content, own);
        }

        return (content, changes);
    }

    // HashCode differs from process to process.
    private static int HashOf(string name, int seed, int index)
    {
        var hash = 17;
        foreach (var character in name) hash = unchecked((hash * 31) + character);
        return unchecked((((hash * 486187739) + seed) * 486187739) + index);
    }
}
