using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Data;

/// <summary>Batches of arrays in memory. Each epoch may be shuffled by a permutation that depends only on seed and epoch.</summary>
internal sealed class ArrayBatches : BatchSource
{
    private readonly NDArray[] _arrays;
    private readonly int[] _order;
    private readonly int _batchSize;
    private readonly bool _shuffle;
    private readonly ulong _seed;
    private readonly TensorSpec[] _specs;
    private int _specsFor = -1;
    private int _start;
    private int _next;

    public ArrayBatches(IReadOnlyList<NDArray> arrays, int batchSize, bool shuffle, ulong seed)
    {
        (_arrays, _batchSize, _shuffle, _seed) = ([.. arrays], batchSize, shuffle, seed);
        _order = new int[arrays[0].Count];
        _specs = new TensorSpec[arrays.Count];
    }

    public override int? BatchesPerEpoch => (_order.Length + _batchSize - 1) / _batchSize;

    public override int Samples => _next - _start;

    public override int Arrays => _arrays.Length;

    public override void Start(int epoch)
    {
        for (var i = 0; i < _order.Length; i++) _order[i] = i;
        _start = _next = 0;
        if (_shuffle) Shuffling.Shuffle(_order, _seed, 0x5348_5546, (uint)epoch);
    }

    public override bool MoveNext()
    {
        _start = _next;
        _next = Math.Min(_start + _batchSize, _order.Length);
        return _next > _start;
    }

    public override TensorSpec SpecOf(int array)
    {
        // Shapes change at most once per epoch, with the last batch; creating them every time would allocate in every step.
        if (_specsFor != Samples)
        {
            for (var i = 0; i < _specs.Length; i++) _specs[i] = new TensorSpec(_arrays[i].Shape.With(0, Samples), _arrays[i].DType);
            _specsFor = Samples;
        }

        return _specs[array];
    }

    public override void CopyTo(int array, int first, int count, ValueBuffer target)
    {
        var source = _arrays[array];
        if (!_shuffle)
        {
            source.CopyTo(_start + first, count, target);
            return;
        }

        if (source.DType == DType.String)
        {
            for (var i = 0; i < count; i++) source.CopyText(_order[_start + first + i], target, i);
            return;
        }

        var destination = target.Bytes;
        var size = destination.Length / Math.Max(1, count);
        for (var i = 0; i < count; i++) source.CopyTo(destination.Slice(i * size, size), _order[_start + first + i], 1);
    }
}
