namespace OnnxFunctional.Operators;

/// <summary>
/// A graph that is run for each step of sequences and hands states from step to step: ONNX's Scan, for a number of steps that is not known yet.
/// </summary>
/// <param name="Body">
/// One step. Inputs: the states, one step of each sequence, then values that are the same in all steps. Outputs: the states after the step, then values of
/// which a sequence is made.
/// </param>
/// <param name="States">The number of states.</param>
/// <param name="Sequences">The number of sequences that are read.</param>
/// <param name="Reverse">Whether the last step is run first.</param>
/// <param name="OwnTimes">Whether steps of results stay at the times of the steps read; otherwise they are in the order of running.</param>
/// <remarks>
/// Inputs: initial states, sequences (batch, time, ...), the other values. Outputs: the last states, then sequences (batch, time, ...). What a step reads from
/// outside is an input, so weights are seen by all who walk the graph around it.
/// </remarks>
internal sealed record Scan(Graph Body, int States, int Sequences, bool Reverse, bool OwnTimes) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (inputs.Length != Body.Inputs.Count) throw new ModelException($"{Name} takes {Body.Inputs.Count} inputs here, but got {inputs.Length}.");
        var sequence = inputs[States].Shape;
        if (sequence.Dims[1] == 0) throw new ModelException($"there are no time steps in {sequence}. Give each sequence one or more.");
        var outputs = new TensorSpec[Body.Outputs.Count];
        for (var i = 0; i < outputs.Length; i++)
        {
            var step = Body.Outputs[i].Spec;
            outputs[i] = i < States ? inputs[i] : step with { Shape = Shape.Of([sequence.Symbols[0], sequence.Symbols[1], .. step.Shape.Dims[1..]]) };
        }

        return outputs;
    }
}

/// <summary>The gradient of a <see cref="Scan"/>. Inputs: all of its inputs, then the gradients of the outputs that have one.</summary>
/// <param name="Forward">The operator.</param>
/// <param name="Upstream">The outputs that have a gradient.</param>
/// <param name="Wanted">The inputs whose gradients are needed. What stands before others need not have a gradient.</param>
/// <remarks>Outputs: the gradients of the wanted inputs, in order.</remarks>
internal sealed record ScanGradient(Scan Forward, IntList Upstream, IntList Wanted) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = new TensorSpec[Wanted.Count];
        for (var i = 0; i < outputs.Length; i++) outputs[i] = inputs[Wanted[i]];
        return outputs;
    }
}
