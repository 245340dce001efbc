using System.Numerics.Tensors;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training;

/// <summary>
/// The gradients of steps that do not update weights, where an optimizer accumulates: each shard of this process adds up its own, and only their sums are added
/// over the processes, in the step that updates.
/// </summary>
/// <remarks>Sums are kept by shard, so that what is added in which order does not depend on the number of processes.</remarks>
internal sealed class WaitingGradients
{
    private readonly int[] _offsets;
    private readonly int[] _lengths;
    private readonly Memory<float> _zeros;
    private readonly bool[] _isComputed;
    private readonly Memory<float>[] _sums;
    private readonly Memory<float>[] _next;

    /// <param name="shards">How many shards this process has.</param>
    /// <param name="lengths">The numbers of each gradient.</param>
    public WaitingGradients(int shards, IReadOnlyList<int> lengths)
    {
        (_lengths, _offsets, _isComputed) = ([.. lengths], new int[lengths.Count], new bool[shards]);
        var floats = 0;
        for (var i = 0; i < _lengths.Length; i++)
        {
            _offsets[i] = floats;
            floats = checked(floats + (int)ArenaLayout.Aligned(_lengths[i]));
        }

        _sums = [.. Enumerable.Range(0, shards).Select(_ => AlignedMemory.Allocate(floats))];
        _next = [.. Enumerable.Range(0, shards).Select(_ => AlignedMemory.Allocate(floats))];
        _zeros = AlignedMemory.Allocate(_lengths.DefaultIfEmpty().Max());
        _zeros.Span.Clear();
    }

    /// <summary>The number of steps whose gradients wait.</summary>
    public int Steps { get; private set; }

    /// <summary>Where a shard of this process writes a gradient of a step.</summary>
    public Memory<float> Next(int shard, int gradient) => _next[shard].Slice(_offsets[gradient], _lengths[gradient]);

    /// <summary>What a shard of this process has added up.</summary>
    public ReadOnlySpan<float> Sum(int shard, int gradient) => _sums[shard].Span.Slice(_offsets[gradient], _lengths[gradient]);

    /// <summary>What stands for a gradient that waits.</summary>
    public Memory<float> Zeros(int gradient) => _zeros[.._lengths[gradient]];

    /// <summary>Says whether a shard has written its gradients of the step; one without samples has none.</summary>
    public void Set(int shard, bool isComputed) => _isComputed[shard] = isComputed;

    /// <summary>Adds the gradients of a step, which counts.</summary>
    public void Add()
    {
        for (var shard = 0; shard < _sums.Length; shard++)
        {
            if (Steps == 0)
            {
                (_sums[shard], _next[shard]) = (_next[shard], _sums[shard]);
                if (!_isComputed[shard]) _sums[shard].Span.Clear();
            }
            else if (_isComputed[shard])
            {
                TensorPrimitives.Add(_sums[shard].Span, _next[shard].Span, _sums[shard].Span);
            }
        }

        Steps++;
    }

    /// <summary>Nothing waits any more.</summary>
    public void Clear() => Steps = 0;
}
