using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Data;

/// <summary>Batches one after the other: inputs, then targets, then, where there are any, sample weights.</summary>
internal abstract class BatchSource
{
    /// <summary>Batches of one epoch, where that is known.</summary>
    public abstract int? BatchesPerEpoch { get; }

    /// <summary>Samples of the present batch.</summary>
    public abstract int Samples { get; }

    /// <summary>The arrays of a batch.</summary>
    public abstract int Arrays { get; }

    /// <summary>Goes to the front, in the order of that epoch.</summary>
    public abstract void Start(int epoch);

    /// <summary>Takes the next batch; false at the end of the epoch.</summary>
    public abstract bool MoveNext();

    /// <summary>Shape and type of an array of the present batch.</summary>
    public abstract TensorSpec SpecOf(int array);

    /// <summary>Copies an array of the present batch.</summary>
    public abstract void CopyTo(int array, ValueBuffer target);
}
