using System.Diagnostics;
using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Data;

/// <summary>Batches that are created on the fly, so the data may be larger than memory: only the current batch is held.</summary>
/// <param name="source">Enumerated once per epoch; a <see cref="Dataset{T}"/> receives the number of the epoch, and makes only what a process needs.</param>
/// <param name="share">The samples of each batch that the process computes.</param>
/// <param name="check">Returns the arrays of a batch, checked and in the order of a step.</param>
/// <param name="checkSize">Checks the number of samples of a batch.</param>
internal sealed class StreamBatches(IEnumerable<Batch> source, Share share, Func<Batch, IReadOnlyList<NDArray>> check, Action<int> checkSize) : BatchSource
{
    private IEnumerator<Made<Batch>>? _batches;
    private Deferred<Batch>? _held;
    private IReadOnlyList<NDArray> _arrays = [];
    private int _first;
    private int _samples;
    private long _waited;

    public override int? BatchesPerEpoch => null;

    public override int Samples => _samples;

    public override (int First, int Count) Held => (_first, _arrays[0].Count);

    public override int Arrays => _arrays.Count;

    public override TimeSpan Waited => Stopwatch.GetElapsedTime(0, _waited);

    public override DatasetProfile? Profile => (source as Dataset<Batch>)?.Profile;

    public override void Start(int epoch)
    {
        _batches?.Dispose();
        _batches = (source is Dataset<Batch> dataset ? dataset.Made(epoch, share) : source.Select(batch => new Made<Batch>(batch, new Given<Batch>(batch))))
            .GetEnumerator();
        _held = null;
        _waited = 0;
    }

    public override bool MoveNext()
    {
        // The arrays of the step were copied.
        _held?.Release();
        _held = null;
        var begun = Stopwatch.GetTimestamp();
        var isNext = _batches?.MoveNext() == true;
        _waited += Stopwatch.GetTimestamp() - begun;
        if (!isNext) return false;
        (var batch, _held) = _batches!.Current;
        if (batch is null) throw new ModelException("A batch of the data is null.");
        _arrays = check(batch);
        (_first, _samples) = batch.PartOf ?? (0, _arrays[0].Count);
        checkSize(_samples);
        return true;
    }

    public override TensorSpec SpecOf(int array) => new(_arrays[array].Shape.With(0, _samples), _arrays[array].DType);

    public override void CopyTo(int array, int first, int count, ValueBuffer target) => _arrays[array].CopyTo(first - _first, count, target);

    public override void Dispose()
    {
        _batches?.Dispose();
        base.Dispose();
    }
}
