using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>A chain of elementwise nodes as one program that runs tile by tile.</summary>
internal sealed class ElementwiseKernel : Kernel, IParallelWork
{
    private readonly ElementwiseProgram _program;
    private readonly ValueBuffer[] _inputs;
    private readonly ValueBuffer[] _outputs;
    private readonly nint[] _inputAddresses;
    private readonly nint[] _outputAddresses;
    private ulong _step;

    private ElementwiseKernel(ElementwiseProgram program, ValueBuffer[] inputs, ValueBuffer[] outputs)
    {
        _program = program;
        _inputs = inputs;
        _outputs = outputs;
        _inputAddresses = new nint[inputs.Length];
        _outputAddresses = new nint[outputs.Length];
    }

    /// <summary>Compiles a chain.</summary>
    /// <param name="unit">The chain.</param>
    /// <param name="inputs">The buffers of its inputs, in order.</param>
    /// <param name="outputs">The buffers of its outputs, in order. An output that shares an input's memory overwrites it.</param>
    /// <param name="random">The graph's random streams.</param>
    public static ElementwiseKernel Create(Unit unit, ValueBuffer[] inputs, ValueBuffer[] outputs, RandomStreams random)
    {
        var shape = unit.Head.Outputs[0].Spec.Shape;
        var program = new ElementwiseProgramBuilder(shape.Dims);
        var numbers = new Dictionary<Value, int>();
        var read = new List<(ValueBuffer Buffer, int Number)>();
        foreach (var node in unit.Nodes)
        {
            var x = new int[node.Inputs.Count];
            for (var i = 0; i < x.Length; i++)
            {
                if (node.Op.ReadsOnlyShapeOf(i)) continue;
                var value = unit.ReadAs.GetValueOrDefault(node.Inputs[i], node.Inputs[i]);
                if (numbers.TryGetValue(value, out x[i])) continue;
                if (value.Producer.Op is Operators.Constant { Data.Number: { } number })
                {
                    // A number known when the program is built becomes part of the instructions.
                    x[i] = numbers[value] = program.Constant(number);
                }
                else
                {
                    var buffer = inputs[unit.Inputs.IndexOf(value)];
                    x[i] = numbers[value] = program.Input(value.Spec.Shape.Dims, ElementwiseTable.TypeOf(buffer.Spec.Type)!.Value);
                    read.Add((buffer, read.Count));
                }
            }

            numbers[node.Outputs[0]] = ElementwiseTable.Append(program, node, x, random);
        }

        for (var i = 0; i < outputs.Length; i++)
        {
            var overwrites = read.FindIndex(input => ReferenceEquals(input.Buffer.Storage, outputs[i].Storage));
            program.Output(numbers[unit.Outputs[i]], ElementwiseTable.TypeOf(unit.Outputs[i].Spec.Type)!.Value, overwrites);
        }

        return new ElementwiseKernel(program.Build(), [.. read.Select(input => input.Buffer)], outputs);
    }

    public override void Run(in RunContext context)
    {
        for (var i = 0; i < _inputs.Length; i++) _inputAddresses[i] = AlignedMemory.AddressOf(_inputs[i].Storage.Memory.Span);
        for (var i = 0; i < _outputs.Length; i++) _outputAddresses[i] = AlignedMemory.AddressOf(_outputs[i].Storage.Memory.Span);
        _step = context.Step;
        context.Pool.Run(this, _program.Parts);
    }

    public void Execute(int part) => _program.Run(_inputAddresses, _outputAddresses, part, _step);
}
