namespace OnnxFunctional.Training;

/// <summary>How the gradients of a step's shards are added over the processes of a <see cref="Distribution"/>.</summary>
public enum Reduction
{
    /// <summary>Along one fixed binary tree over the shards, so that any number of processes ends with the same bits.</summary>
    Tree,

    /// <summary>By the all-reduce of the MPI library; results are equal for equal numbers of processes only.</summary>
    Library,
}
