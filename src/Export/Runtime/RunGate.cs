namespace OnnxFunctional.Export.Runtime;

/// <summary>
/// Lets runs pass and releases what they use once: when it is closed, or when the last run that was in progress then has left.
/// </summary>
/// <remarks>
/// ONNX Runtime reads freed memory if a session is used after disposal. The lower 31 bits of <c>_state</c> count runs in progress, the sign bit is set when the
/// gate is closed; whoever brings the count of a closed gate to zero releases.
/// </remarks>
/// <param name="owner">Whose disposal is reported to late runs.</param>
/// <param name="release">Releases native memory; called once.</param>
internal sealed class RunGate(Type owner, Action release)
{
    private const int Closed = int.MinValue;

    private int _state;

    /// <summary>The number of runs in progress.</summary>
    public int RunsInFlight => Volatile.Read(ref _state) & int.MaxValue;

    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _state) < 0, owner);

    /// <summary>Begins a run; <see cref="Exit"/> must follow.</summary>
    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    public void Enter()
    {
        var state = Volatile.Read(ref _state);
        while (true)
        {
            ObjectDisposedException.ThrowIf(state < 0, owner);
            var seen = Interlocked.CompareExchange(ref _state, state + 1, state);
            if (seen == state) return;
            state = seen;
        }
    }

    /// <summary>Ends a run.</summary>
    public void Exit()
    {
        if (Interlocked.Decrement(ref _state) == Closed) release();
    }

    /// <summary>Refuses further runs; those in progress are completed on their own threads.</summary>
    public void Close()
    {
        if (Interlocked.Or(ref _state, Closed) == 0) release();
    }
}
