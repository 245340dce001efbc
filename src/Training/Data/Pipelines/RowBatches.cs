using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Data;

/// <summary>Batches of samples in arrays, which are copied from there to where a step reads them. A warm batch allocates nothing.</summary>
/// <param name="dataset">The batches; each epoch may have another order.</param>
/// <param name="check">Returns the arrays of samples, checked and in the order of a step.</param>
/// <param name="checkSize">Checks the number of samples of a batch.</param>
internal sealed class RowBatches(SampleBatches dataset, Func<Batch, IReadOnlyList<NDArray>> check, Action<int> checkSize) : BatchSource
{
    private readonly SampleRow[] _samples = new SampleRow[dataset.Size];
    private readonly IReadOnlyList<NDArray>[] _from = new IReadOnlyList<NDArray>[dataset.Size];
    private readonly int[] _rows = new int[dataset.Size];
    private IEnumerator<SampleRow>? _order;
    private TensorSpec[] _specs = [];
    private IReadOnlyList<NDArray>? _specsOf;
    private int _count;
    private bool _isRun;

    public override int? BatchesPerEpoch => null;

    public override int Samples => _count;

    public override int Arrays => _from[0].Count;

    public override void Start(int epoch)
    {
        _order?.Dispose();
        _order = dataset.Rows(epoch).GetEnumerator();
    }

    public override bool MoveNext()
    {
        if (_order is null) return false;
        var count = 0;
        while (count < _samples.Length && _order.MoveNext()) _samples[count++] = _order.Current;
        if (count == 0 || (dataset.DropsRemainder && count < _samples.Length)) return false;
        if (count != _count) checkSize(count);
        _count = count;
        if (!FindArrays()) Gather();
        if (_specsOf != _from[0] || _specs[0].Shape[0] != count) Describe();
        return true;
    }

    public override TensorSpec SpecOf(int array) => _specs[array];

    public override void CopyTo(int array, int first, int count, ValueBuffer target)
    {
        if (_isRun)
        {
            _from[0][array].CopyTo(_rows[first], count, target);
            return;
        }

        if (_specs[array].Type == DType.String)
        {
            for (var i = 0; i < count; i++) _from[first + i][array].CopyText(_rows[first + i], target, i);
            return;
        }

        var destination = target.Bytes;
        var size = destination.Length / Math.Max(1, count);
        for (var i = 0; i < count; i++) _from[first + i][array].CopyTo(destination.Slice(i * size, size), _rows[first + i], 1);
    }

    public override void Dispose()
    {
        _order?.Dispose();
        base.Dispose();
    }

    /// <summary>Finds the arrays of each sample. False if a block has samples that are refused, or others than the first.</summary>
    private bool FindArrays()
    {
        _isRun = true;
        for (var i = 0; i < _count; i++)
        {
            var (block, row) = _samples[i];
            _rows[i] = row;
            if (i > 0 && block == _samples[i - 1].Block)
            {
                _from[i] = _from[i - 1];
                _isRun &= row == _rows[i - 1] + 1;
                continue;
            }

            if (block.For(this, check) is not { } arrays || (i > 0 && !AreAlike(arrays, _from[0]))) return false;
            _from[i] = arrays;
            _isRun &= i == 0;
        }

        return true;
    }

    private static bool AreAlike(IReadOnlyList<NDArray> arrays, IReadOnlyList<NDArray> others)
    {
        if (arrays == others) return true;
        for (var i = 0; i < arrays.Count; i++)
        {
            if (i >= others.Count || !arrays[i].IsLike(others[i])) return false;
        }

        return arrays.Count == others.Count;
    }

    private void Gather()
    {
        var arrays = check(new BatchOfRows(_samples[.._count]).Make());
        for (var i = 0; i < _count; i++) (_from[i], _rows[i]) = (arrays, i);
        _isRun = true;
    }

    private void Describe()
    {
        // Shapes change with the block and the last batch; creating them every time would allocate in every step.
        _specsOf = _from[0];
        _specs = [.. _specsOf.Select(array => new TensorSpec(array.Shape.With(0, _count), array.DType))];
    }
}
