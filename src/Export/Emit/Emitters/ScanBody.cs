using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>A loop over the steps of a sequence, composed of tensors: ONNX's Scan.</summary>
internal sealed class ScanBody(Emission emission, string role)
{
    private readonly List<(string Name, Value Value, string Source)> _states = [];
    private readonly List<(string Name, Value Value, string Source)> _steps = [];
    private readonly List<(string Name, Value Value)> _captured = [];
    private readonly List<Value> _next = [];
    private readonly List<Value> _emitted = [];

    /// <summary>A value carried from step to step.</summary>
    public SymbolicTensor State(string name, TensorSpec spec, string initial) => Add(_states, name, spec, initial);

    /// <summary>One step of a time-major sequence.</summary>
    public SymbolicTensor Step(string name, TensorSpec spec, string sequence) => Add(_steps, name, spec, sequence);

    /// <summary>A value of the outer graph, the same in all steps.</summary>
    public SymbolicTensor Outside(Value value)
    {
        _captured.Add((emission.Read(value), value));
        return new SymbolicTensor(value);
    }

    /// <summary>The states after the step, in order.</summary>
    public void Next(IEnumerable<SymbolicTensor> states) => _next.AddRange(states.Select(state => state.Value));

    /// <summary>A value of each step that becomes a time-major sequence.</summary>
    public void Emit(SymbolicTensor value) => _emitted.Add(value.Value);

    /// <summary>Writes the loop.</summary>
    /// <returns>The names of the last states, then of the sequences.</returns>
    public string[] Write(bool reverse, int time) => Write(reverse, reverse, time);

    /// <summary>Writes a loop whose results need not be in the order of what it reads.</summary>
    /// <param name="reverse">Whether the last step is read first.</param>
    /// <param name="reverseResults">Whether the first result is the last of its sequence.</param>
    /// <param name="time">The number of steps; -1 if unknown.</param>
    /// <returns>The names of the last states, then of the sequences.</returns>
    public string[] Write(bool reverse, bool reverseResults, int time)
    {
        (string, Value)[] outputs = [.. _next.Concat(_emitted).Select((value, i) => (emission.Graph.Reserve($"{emission.Prefix}/{role}/out_{i}"), value))];
        var name = emission.Prefix + "/" + role;
        var inputs = _states.Concat(_steps).Select(input => (input.Name, input.Value)).ToArray();
        var inner = emission.Inner(name, inputs, outputs, [.. _captured.DistinctBy(captured => captured.Value)]);
        inner.Run();
        emission.AddProblems(inner.Problems);

        var results = new string[outputs.Length];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = emission.Graph.Reserve($"{name}/result_{i}");
            var spec = outputs[i].Item2.Spec;
            emission.Graph.Describe(results[i], i < _next.Count ? spec : spec with { Shape = spec.Shape.Insert(0, time) });
        }

        emission.Node(
            "Scan",
            _states.Concat(_steps).Select(input => input.Source),
            results,
            Attributes.Graph("body", inner.Graph.Proto),
            Attributes.Int("num_scan_inputs", _steps.Count),
            Attributes.Ints("scan_input_directions", Enumerable.Repeat(reverse ? 1 : 0, _steps.Count)),
            Attributes.Ints("scan_output_directions", Enumerable.Repeat(reverseResults ? 1 : 0, _emitted.Count)));
        return results;
    }

    private SymbolicTensor Add(List<(string Name, Value Value, string Source)> list, string name, TensorSpec spec, string source)
    {
        var tensor = new InputLayer(spec.Shape, spec.Type, null).Tensor;
        list.Add((emission.Graph.Reserve($"{emission.Prefix}/{role}/{name}"), tensor.Value, source));
        return tensor;
    }
}
