namespace OnnxFunctional.Training.Execution;

/// <summary>Reads outputs of a plan while it still computes others.</summary>
internal interface IOutputReader
{
    /// <summary>
    /// An output is there, and stays until the end of the run, unless the caller brought its memory and changes it. Called on the thread that runs the plan,
    /// between two kernels.
    /// </summary>
    /// <param name="output">Its number.</param>
    void IsThere(int output);
}
