namespace OnnxFunctional.Training.Execution;

/// <summary>What a plan of one cache is found by: what it computes, and shapes and types of its inputs.</summary>
/// <param name="What">The name of what is computed, where a cache holds several.</param>
/// <param name="Specs">The inputs. A key that only asks may wrap an array that is filled again for the next question.</param>
/// <param name="Adapters">How many weights had adapters: plans made before there were any do not compute them.</param>
internal readonly record struct PlanKey(string What, TensorSpec[] Specs, int Adapters = 0)
{
    public bool Equals(PlanKey other) => What == other.What && Adapters == other.Adapters && Specs.AsSpan().SequenceEqual(other.Specs);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(What);
        hash.Add(Adapters);
        foreach (var spec in Specs) hash.Add(spec);
        return hash.ToHashCode();
    }

    /// <summary>The same key with an array of its own.</summary>
    public PlanKey ToKeep() => this with { Specs = [.. Specs] };
}
