using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Data;

/// <summary>Batches of samples in memory, beside loops written by hand.</summary>
internal static class DatasetCases
{
    private const int Samples = 10_000_000;
    private const int Features = 4;
    private const int BatchSize = 32;
    private const int BufferSize = 100_000;
    private const int Rounds = 9;

    private static readonly Lazy<(float[] X, int[] Y)> s_arrays = new(() =>
    {
        var (x, y) = (new float[Samples * Features], new int[Samples]);
        for (var i = 0; i < x.Length; i++) x[i] = i % 1000;
        for (var i = 0; i < y.Length; i++) y[i] = i % 10;
        return (x, y);
    });

    public static IEnumerable<DataCase> All =>
    [
        Case("dataset-batch", "50 ns", () => Read(Arrays.Batch(BatchSize)), () => Copy(Enumerable.Range(0, Samples))),
        Case("dataset-shuffle", "+200 ns", () => Read(Arrays.Shuffle(BufferSize).Batch(BatchSize)), () => Copy(Shuffled())),
    ];

    private static Dataset<Batch> Arrays => Dataset.From(NDArray.Create(s_arrays.Value.X, [Samples, Features]), s_arrays.Value.Y);

    private static DataCase Case(string name, string goal, Action ours, Action reference) =>
        new(name, goal, ResultBytes: 0, Samples, Rounds, _ => { }, _ => ours(), _ => reference());

    private static void Read(Dataset<Batch> batches)
    {
        var count = 0L;
        foreach (var batch in batches) count += batch.X[0].Count;
        if (count != Samples) throw new InvalidOperationException($"There were {count} samples.");
    }

    /// <summary>Arrays for each batch, filled row by row.</summary>
    private static void Copy(IEnumerable<int> order)
    {
        var (x, y) = s_arrays.Value;
        var count = 0L;
        foreach (var rows in order.Chunk(BatchSize))
        {
            var (features, labels) = (new float[rows.Length * Features], new int[rows.Length]);
            for (var i = 0; i < rows.Length; i++)
            {
                x.AsSpan(rows[i] * Features, Features).CopyTo(features.AsSpan(i * Features));
                labels[i] = y[rows[i]];
            }

            count += labels.Length;
        }

        if (count != Samples) throw new InvalidOperationException($"There were {count} samples.");
    }

    /// <summary>Each position is drawn from a buffer, where the next one replaces it.</summary>
    private static IEnumerable<int> Shuffled()
    {
        var random = new Random(1);
        var buffer = Enumerable.Range(0, BufferSize).ToArray();
        for (var next = BufferSize; next < Samples; next++)
        {
            var place = random.Next(BufferSize);
            yield return buffer[place];
            buffer[place] = next;
        }

        random.Shuffle(buffer);
        foreach (var row in buffer) yield return row;
    }
}
