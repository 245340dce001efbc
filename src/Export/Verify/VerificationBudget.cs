using OnnxFunctional.Export.Emit;

namespace OnnxFunctional.Export.Verify;

/// <summary>
/// What is compared at once, so that the memory of a verification is bounded: layers in groups, each with sessions of its own, and batches of a size of which
/// few groups hold all layers, because a group costs a pass over the model.
/// </summary>
internal sealed class VerificationBudget
{
    // While its group is compared, a layer's output exists in the plan of the engine, as its copy, in ONNX Runtime, and as a copy of that; the rest is memory
    // that is freed and not given back yet (measured).
    private const int Copies = 6;

    // A layer that is being compared exists twice more, in ONNX Runtime's layout and in ours.
    private const int CopiesCompared = 4;

    private const int MostGroups = 4;

    // Below a share of what a verification may take, a collection is not worth its time.
    private const long Large = 64 << 20;

    private readonly long _memory;
    private readonly long _all;
    private readonly long _largest;

    /// <param name="emitted">The model.</param>
    /// <param name="layers">The layers to compare, in the order of computation.</param>
    /// <param name="options">Batch sizes and memory.</param>
    public VerificationBudget(EmittedModel emitted, IReadOnlyList<EmittedLayer> layers, ExportOptions options)
    {
        Random = new RandomInputs(emitted);
        _memory = options.VerificationMemory;
        var fixedSize = emitted.Inputs.Select(input => input.Value.Spec.Shape).FirstOrDefault(shape => shape.Rank > 0 && shape.Dims[0] != Shape.Unknown);
        int[] asked = fixedSize.Rank > 0 ? [fixedSize.Dims[0]] : [.. options.BatchSizes.Distinct()];
        var one = fixedSize.Rank > 0 ? fixedSize.Dims[0] : 1;
        var specs = Random.Specs(one);
        long[] sizes = [.. layers.Select(layer => specs.TryGetValue(layer.Value, out var spec) ? Bytes(spec) / Math.Max(one, 1) : 0)];
        (_all, _largest) = (sizes.Sum(), sizes.DefaultIfEmpty().Max());
        BatchSizes = fixedSize.Rank > 0 ? asked : [.. asked.Select(Most).Distinct()];
        var most = BatchSizes.Append(1).Max();
        Groups = Group(sizes, Capacity(most) / most);
        if (asked.Max() > most)
        {
            Reduced = $"Layers were compared on batches of up to {most} samples instead of {asked.Max()}: "
                + $"all layers of {asked.Max()} samples take {_all * asked.Max() >> 20:N0} MB, and ExportOptions.VerificationMemory is {_memory >> 20:N0} MB.";
        }
    }

    /// <summary>Makes random inputs.</summary>
    public RandomInputs Random { get; }

    public IReadOnlyList<int> BatchSizes { get; }

    /// <summary>The layers that are compared together.</summary>
    public IReadOnlyList<Range> Groups { get; }

    /// <summary>Whether groups are so large that their memory is worth a collection after each.</summary>
    public bool IsLarge => _all * BatchSizes.Append(1).Max() > Math.Min(Large, _memory / 4);

    /// <summary>Which batches are smaller than asked for, and why; null if none is.</summary>
    public string? Reduced { get; }

    /// <summary>The largest batch of which few groups hold all layers.</summary>
    /// <param name="batch">The size that is asked for.</param>
    public int Most(int batch)
    {
        while (batch > 1 && _all * batch > MostGroups * Capacity(batch)) batch--;
        return batch;
    }

    /// <summary>The bytes of the outputs that a group may have.</summary>
    private long Capacity(int batch) => (_memory - (CopiesCompared * _largest * batch)) / Copies;

    /// <summary>Neighbours whose sum is not above the most; each has one layer at least.</summary>
    private static List<Range> Group(long[] sizes, long most)
    {
        var (groups, start, sum) = (new List<Range>(), 0, 0L);
        for (var i = 0; i < sizes.Length; i++)
        {
            if (i > start && sum + sizes[i] > most)
            {
                groups.Add(start..i);
                (start, sum) = (i, 0);
            }

            sum += sizes[i];
        }

        if (start < sizes.Length) groups.Add(start..sizes.Length);
        return groups;
    }

    // Everything is compared as float32.
    private static long Bytes(TensorSpec spec) => spec.Shape.ElementCount * sizeof(float);
}
