using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Data;

/// <summary>A sequence of batches. The arrays of a batch are inputs, targets and optional sample weights, in this order.</summary>
internal abstract class BatchSource : IDisposable
{
    /// <summary>The number of batches per epoch, if known.</summary>
    public abstract int? BatchesPerEpoch { get; }

    /// <summary>The number of samples of the current batch.</summary>
    public abstract int Samples { get; }

    /// <summary>The samples of the current batch that can be copied: all, or those that this process of several computes.</summary>
    public virtual (int First, int Count) Held => (0, Samples);

    /// <summary>The number of arrays of a batch.</summary>
    public abstract int Arrays { get; }

    /// <summary>How long it took to get the batches since the epoch began.</summary>
    public virtual TimeSpan Waited => TimeSpan.Zero;

    /// <summary>Where the time of the data goes, if that is counted.</summary>
    public virtual DatasetProfile? Profile => null;

    /// <summary>Starts an epoch, in the order of that epoch.</summary>
    public abstract void Start(int epoch);

    /// <summary>Moves to the next batch; false at the end of the epoch.</summary>
    public abstract bool MoveNext();

    /// <summary>Shape and type of an array of the current batch.</summary>
    public abstract TensorSpec SpecOf(int array);

    /// <summary>Copies an array of the current batch.</summary>
    public void CopyTo(int array, ValueBuffer target) => CopyTo(array, 0, Samples, target);

    /// <summary>Copies some samples of an array of the current batch.</summary>
    /// <param name="array">The array.</param>
    /// <param name="first">The first sample.</param>
    /// <param name="count">How many.</param>
    /// <param name="target">Where they go.</param>
    public abstract void CopyTo(int array, int first, int count, ValueBuffer target);

    /// <summary>Ends the enumeration of the data.</summary>
    public virtual void Dispose()
    {
    }
}
