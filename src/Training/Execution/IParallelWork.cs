namespace OnnxFunctional.Training.Execution;

/// <summary>Work cut into parts that may run in any order and on any thread. Each part writes its own piece of the result.</summary>
internal interface IParallelWork
{
    /// <summary>Runs one part. It must not start other parallel work.</summary>
    void Execute(int part);
}
