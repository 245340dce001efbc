using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Data;

/// <summary>Batches that are created on the fly, so the data may be larger than memory: only the current batch is held.</summary>
/// <param name="source">Enumerated once per epoch; a <see cref="Dataset{T}"/> receives the number of the epoch.</param>
/// <param name="check">Returns the arrays of a batch, checked and in the order of a step.</param>
internal sealed class StreamBatches(IEnumerable<Batch> source, Func<Batch, IReadOnlyList<NDArray>> check) : BatchSource, IDisposable
{
    private IEnumerator<Batch>? _batches;
    private IReadOnlyList<NDArray> _arrays = [];

    public override int? BatchesPerEpoch => null;

    public override int Samples => _arrays[0].Count;

    public override int Arrays => _arrays.Count;

    public override void Start(int epoch)
    {
        _batches?.Dispose();
        _batches = source is Dataset<Batch> dataset ? dataset.Enumerate(epoch) : source.GetEnumerator();
    }

    public override bool MoveNext()
    {
        if (_batches is null || !_batches.MoveNext()) return false;
        _arrays = check(_batches.Current ?? throw new ModelException("A batch of the data is null."));
        return true;
    }

    public override TensorSpec SpecOf(int array) => new(_arrays[array].Shape, _arrays[array].DType);

    public override void CopyTo(int array, int first, int count, ValueBuffer target) => _arrays[array].CopyTo(first, count, target);

    public void Dispose() => _batches?.Dispose();
}
