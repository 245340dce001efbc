namespace OnnxFunctional.Training.Engine;

/// <summary>Several updates of one weight, one after the other.</summary>
internal static class UpdateOrder
{
    /// <summary>The value of the second update if it starts from that of the first.</summary>
    /// <param name="weight">The weight that both set.</param>
    /// <param name="first">The value of the first.</param>
    /// <param name="second">The value of the second.</param>
    /// <param name="fixedValues">Values that stay as they are although they depend on the weight: gradients.</param>
    public static Value Then(Weight weight, Value first, Value second, IEnumerable<Value> fixedValues) =>
        Graph.Between([weight.Variable, .. fixedValues], [second]).Rewrite((_, _) => null, new Dictionary<Value, Value> { [weight.Variable] = first })[second];
}
