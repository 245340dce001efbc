using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>A batch that is changed by augmentation.</summary>
/// <param name="source">The batch, whose input nobody else uses.</param>
/// <param name="augmentation">What changes it.</param>
/// <param name="number">What random numbers are drawn for.</param>
/// <param name="times">Counts the time that it takes.</param>
internal sealed class AugmentedBatch(Deferred<Batch> source, Augmentation augmentation, ulong number, StageTimes times) : Deferred<Batch>
{
    private float[]? _elements;

    /// <inheritdoc/>
    public override int Parts => source.Parts;

    /// <inheritdoc/>
    public override void MakePart(int part) => source.MakePart(part);

    /// <inheritdoc/>
    public override Batch Make()
    {
        var batch = source.Make();
        var begun = StageTimes.Now;
        (_elements, var shape) = augmentation.Of(batch, number);
        var result = batch with { X = NDArray.Create(_elements, shape) };
        source.Release();
        times.Add(begun);
        return result;
    }

    /// <inheritdoc/>
    public override void Release()
    {
        if (_elements is not null) augmentation.Release(_elements);
        _elements = null;
    }
}
