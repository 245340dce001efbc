using System.Runtime.InteropServices;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Training.Data;

/// <summary>A batch of samples in arrays.</summary>
internal sealed class BatchOfRows(SampleRow[] rows) : Deferred<Batch>
{
    public override Batch Make() => Gather(rows);

    public override Deferred<Batch> For(Share share) => new Part(rows, share);

    private static Batch Gather(ReadOnlySpan<SampleRow> rows)
    {
        if (AreAlike(rows))
        {
            var blocks = new SampleBlock[rows.Length];
            var indices = new int[rows.Length];
            for (var i = 0; i < rows.Length; i++) (blocks[i], indices[i]) = rows[i];
            return SampleBlock.Gather(blocks, indices);
        }

        // Rows of one block that follow each other are taken together.
        var runs = new List<Batch>();
        var places = new List<int>();
        for (var i = 0; i < rows.Length; i++)
        {
            places.Add(rows[i].Row);
            if (i + 1 < rows.Length && rows[i + 1].Block == rows[i].Block) continue;
            runs.Add(rows[i].Block.Take(CollectionsMarshal.AsSpan(places)));
            places.Clear();
        }

        return Batches.Together(runs);
    }

    /// <summary>Whether rows lie in several blocks whose samples have the same arrays.</summary>
    private static bool AreAlike(ReadOnlySpan<SampleRow> rows)
    {
        var isOne = true;
        for (var i = 1; i < rows.Length; i++)
        {
            if (rows[i].Block == rows[i - 1].Block) continue;
            if (!rows[i].Block.IsLike(rows[0].Block)) return false;
            isOne = false;
        }

        return !isOne;
    }

    private sealed class Part(SampleRow[] rows, Share share) : Deferred<Batch>
    {
        public override Batch Make()
        {
            var own = share.Of(rows.Length);
            return Gather(rows.AsSpan(own.First, own.Count)) with { PartOf = (own.First, rows.Length) };
        }
    }
}

/// <summary>A batch of several elements, each of one sample or a few.</summary>
/// <param name="samples">The elements.</param>
/// <param name="inParts">Whether several threads make them.</param>
/// <param name="times">Counts the time in which they are put together.</param>
internal sealed class BatchOf(Deferred<Batch>[] samples, bool inParts, StageTimes times) : Deferred<Batch>
{
    private readonly Batch?[] _made = new Batch?[samples.Length];

    public override int Parts => inParts ? samples.Length : 0;

    public override void MakePart(int part) => _made[part] = samples[part].Make();

    public override Batch Make()
    {
        for (var i = 0; i < samples.Length; i++) _made[i] ??= samples[i].Make();
        return Together(_made!);
    }

    public override Deferred<Batch> For(Share share) => new Part(this, samples.Length, share.Of(samples.Length));

    private Batch Together(IReadOnlyList<Batch> made)
    {
        var begun = StageTimes.Now;
        var batch = Batches.Together(made);
        times.Add(begun);
        Array.Clear(_made);
        return batch;
    }

    /// <summary>The part of a process. If elements hold several samples, which are in its part is known only when all are made.</summary>
    private sealed class Part(BatchOf whole, int count, EvenRange own) : Deferred<Batch>
    {
        public override int Parts => whole.Parts == 0 ? 0 : own.Count;

        public override void MakePart(int part) => whole.MakePart(own.First + part);

        public override Batch Make()
        {
            for (var i = own.First; i < own.End; i++) whole._made[i] ??= whole.At(i);
            var part = whole._made[own.First..own.End];
            if (Array.Exists(part, sample => sample!.X[0].Count != 1)) return whole.Make();
            return whole.Together(part!) with { PartOf = (own.First, count) };
        }
    }

    private Batch At(int sample) => samples[sample].Make();
}
