using System.Runtime.ExceptionServices;

namespace OnnxFunctional.Training.Distributing;

/// <summary>What a communicator does between the ranks: made once, started again and again. All ranks start theirs in the same order.</summary>
internal abstract class Operation
{
    private readonly ManualResetEventSlim _done = new(true);
    private ExceptionDispatchInfo? _failure;

    /// <summary>The operation behind this one in the communicator's queue.</summary>
    internal Operation? Following { get; set; }

    /// <summary>Whether it is not on its way.</summary>
    public bool IsDone => _done.IsSet;

    /// <summary>Communicates, on the communicator's thread.</summary>
    public abstract void Run(Transport transport);

    internal void Begin()
    {
        if (!_done.IsSet) throw new InvalidOperationException("The operation was started before and has not ended.");
        _failure = null;
        _done.Reset();
    }

    internal void End(ExceptionDispatchInfo? failure)
    {
        _failure = failure;
        _done.Set();
    }

    internal void Await()
    {
        _done.Wait();
        _failure?.Throw();
    }
}
