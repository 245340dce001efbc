namespace OnnxFunctional.Training.Execution;

/// <summary>
/// What a run holds while it reads or writes weights, whichever model they belong to: a prediction, an evaluation or an export beside a training sees the
/// weights between two steps, never a mixture.
/// </summary>
/// <remarks>The weights of the first plan that has them share one gate, so most runs hold one. A weight keeps its gate.</remarks>
internal sealed class WeightGate
{
    private static long s_made;

    private readonly Lock _lock = new();
    private readonly long _number = Interlocked.Increment(ref s_made);

    /// <summary>The gates of weights; those that have none get one in common.</summary>
    /// <returns>In the order in which all runs enter them, so that two runs never wait for each other.</returns>
    public static WeightGate[] Of(IEnumerable<Weight> weights)
    {
        var all = weights.ToList();
        var gate = all.Select(weight => weight.Gate as WeightGate).FirstOrDefault(known => known is not null) ?? new WeightGate();
        foreach (var weight in all) Interlocked.CompareExchange(ref weight.Gate, gate, null);
        return [.. all.Select(weight => weight.Gate).OfType<WeightGate>().Distinct().OrderBy(known => known._number)];
    }

    /// <summary>Waits for the runs that use these weights, and keeps others from starting until the result is disposed of.</summary>
    public static Held Hold(IEnumerable<Weight> weights)
    {
        var gates = Of(weights);
        foreach (var gate in gates) gate.Enter();
        return new Held(gates);
    }

    public void Enter() => _lock.Enter();

    public void Exit() => _lock.Exit();

    /// <summary>Gates to leave.</summary>
    internal readonly struct Held(WeightGate[]? gates) : IDisposable
    {
        public void Dispose()
        {
            foreach (var gate in gates ?? []) gate.Exit();
        }
    }
}
