using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Random data for a recurrent computation, its results, and those of the reference. All its memory is between NaNs.</summary>
internal sealed class RecurrentCase
{
    private const int Slack = 19;

    private readonly RecurrentShape _shape;
    private readonly List<(string Name, float[] Array, int Length)> _guarded = [];

    public RecurrentCase(RecurrentShape shape, int seed)
    {
        _shape = shape;
        var random = new Random(seed);
        var states = shape.Batch * shape.Units;
        var columns = shape.Gates * shape.Units;
        Input = Values(random, shape.Batch * shape.Time * shape.Inputs, 1);
        Kernel = Values(random, shape.Inputs * columns, 0.7);
        RecurrentKernel = Values(random, shape.Units * columns, 1.0 / Math.Sqrt(shape.Units));
        Bias = Values(random, shape.BiasLength, 0.5);
        InitialState = Values(random, states, 1);
        InitialCell = shape.Kind == RecurrentKind.Lstm ? Values(random, states, 1) : [];
        SequenceGradient = Values(random, states * shape.Time, 1);
        LastStateGradient = Values(random, states, 1);
        LastCellGradient = shape.Kind == RecurrentKind.Lstm ? Values(random, states, 1) : [];
    }

    public float[] Input { get; set; }
    public float[] Kernel { get; set; }
    public float[] RecurrentKernel { get; set; }
    public float[] Bias { get; set; }
    public float[] InitialState { get; set; }
    public float[] InitialCell { get; set; }
    public byte[] Mask { get; set; } = [];
    public float[] SequenceGradient { get; set; }
    public float[] LastStateGradient { get; set; }
    public float[] LastCellGradient { get; set; }

    public float[] Sequence { get; private set; } = [];
    public float[] LastState { get; private set; } = [];
    public float[] LastCell { get; private set; } = [];
    public float[] InputGradient { get; private set; } = [];
    public float[] KernelGradient { get; private set; } = [];
    public float[] RecurrentKernelGradient { get; private set; } = [];
    public float[] BiasGradient { get; private set; } = [];
    public float[] InitialStateGradient { get; private set; } = [];
    public float[] InitialCellGradient { get; private set; } = [];

    private static Memory<float> Nothing => Memory<float>.Empty;

    /// <summary>All outputs and gradients of the last run.</summary>
    public float[][] Results =>
    [
        Sequence, LastState, LastCell, InputGradient, KernelGradient, RecurrentKernelGradient, BiasGradient, InitialStateGradient, InitialCellGradient,
    ];

    private int States => _shape.Batch * _shape.Units;

    private bool HasCell => _shape.Kind == RecurrentKind.Lstm;

    public void Forward(WorkerPool pool, bool training) => Forward(pool, training, Guarded("reserve", 0));

    private void Forward(WorkerPool pool, bool training, Memory<float> reserve)
    {
        var driver = new RecurrentForward(_shape, training);
        var sequence = Guarded("sequence", States * _shape.Time);
        var lastState = Guarded("last state", States);
        var lastCell = Guarded("last cell", HasCell ? States : 0);
        driver.Run(pool, new()
        {
            Input = Given(Input),
            Kernel = Given(Kernel),
            RecurrentKernel = Given(RecurrentKernel),
            Bias = Given(Bias),
            InitialState = Given(InitialState),
            InitialCell = Given(InitialCell),
            Mask = Mask,
            Sequence = sequence,
            LastState = lastState,
            LastCell = lastCell,
            Reserve = training && reserve.IsEmpty ? Guarded("reserve", (int)driver.ReserveLength) : reserve,
            Workspace = Guarded("workspace", (int)driver.WorkspaceLength),
        });
        Sequence = sequence.ToArray();
        LastState = lastState.ToArray();
        LastCell = lastCell.ToArray();
        CheckGuards();
    }

    public void ForwardAndBackward(WorkerPool pool)
    {
        var driver = new RecurrentBackward(_shape);
        var reserve = Guarded("reserve", (int)driver.ReserveLength);
        Forward(pool, training: true, reserve);
        var kept = reserve.ToArray();
        var input = Guarded("input gradient", Input.Length);
        var weights = Guarded("kernel gradient", Kernel.Length);
        var recurrent = Guarded("recurrent kernel gradient", RecurrentKernel.Length);
        var bias = Guarded("bias gradient", _shape.BiasLength);
        var state = Guarded("initial state gradient", States);
        var cell = Guarded("initial cell gradient", HasCell ? States : 0);
        driver.Run(pool, new()
        {
            Input = Given(Input),
            Kernel = Given(Kernel),
            RecurrentKernel = Given(RecurrentKernel),
            Mask = Mask,
            Reserve = reserve,
            SequenceGradient = Given(SequenceGradient),
            LastStateGradient = Given(LastStateGradient),
            LastCellGradient = Given(LastCellGradient),
            InputGradient = input,
            KernelGradient = weights,
            RecurrentKernelGradient = recurrent,
            BiasGradient = bias,
            InitialStateGradient = state,
            InitialCellGradient = cell,
            Workspace = Guarded("workspace", (int)driver.WorkspaceLength),
        });
        InputGradient = input.ToArray();
        KernelGradient = weights.ToArray();
        RecurrentKernelGradient = recurrent.ToArray();
        BiasGradient = bias.ToArray();
        InitialStateGradient = state.ToArray();
        InitialCellGradient = cell.ToArray();
        CheckGuards();
        Assert.IsTrue(kept.AsSpan().SequenceEqual(reserve.Span) || Array.Exists(kept, float.IsNaN), "the backward pass wrote into the reserve");
    }

    /// <summary>Runs both passes and checks all their results.</summary>
    public void Check(WorkerPool pool, int most = int.MaxValue)
    {
        ForwardAndBackward(pool);
        CheckForward();
        CheckBackward(most);
    }

    /// <summary>Runs a forward pass without a reserve, which must give the same bits as the last one.</summary>
    public void CheckPrediction(WorkerPool pool)
    {
        var kept = Sequence;
        Forward(pool, training: false);
        CollectionAssert.AreEqual(kept, Sequence, $"{_shape}: prediction and training differ");
    }

    /// <summary>Compares the outputs with the reference.</summary>
    public void CheckForward()
    {
        var reference = Reference();
        reference.Run();
        AreClose("sequence", reference.Sequence, Sequence);
        AreClose("last state", reference.LastState, LastState);
        if (HasCell) AreClose("last cell", reference.LastCell, LastCell);
    }

    /// <summary>
    /// Compares the gradients with finite differences: for every value, or for about <paramref name="most"/> values of each tensor, including its last.
    /// </summary>
    public void CheckBackward(int most = int.MaxValue)
    {
        var reference = Reference();
        CheckGradient("input", reference, reference.Input, InputGradient, most);
        CheckGradient("kernel", reference, reference.Kernel, KernelGradient, most);
        CheckGradient("recurrent kernel", reference, reference.RecurrentKernel, RecurrentKernelGradient, most);
        CheckGradient("bias", reference, reference.Bias!, BiasGradient, most);
        CheckGradient("initial state", reference, reference.InitialState!, InitialStateGradient, most);
        if (HasCell) CheckGradient("initial cell", reference, reference.InitialCell!, InitialCellGradient, most);
    }

    private RecurrentReference Reference() => new(_shape)
    {
        Input = Double(Input),
        Kernel = Double(Kernel),
        RecurrentKernel = Double(RecurrentKernel),
        Bias = Double(Bias.Length == 0 ? new float[_shape.BiasLength] : Bias),
        InitialState = Double(InitialState.Length == 0 ? new float[States] : InitialState),
        InitialCell = Double(InitialCell.Length == 0 ? new float[States] : InitialCell),
        Mask = Mask.Length == 0 ? null : Mask,
        SequenceGradient = SequenceGradient.Length == 0 ? null : Double(SequenceGradient),
        LastStateGradient = LastStateGradient.Length == 0 ? null : Double(LastStateGradient),
        LastCellGradient = LastCellGradient.Length == 0 ? null : Double(LastCellGradient),
    };

    private void CheckGradient(string name, RecurrentReference reference, double[] values, float[] actual, int most)
    {
        var step = most >= values.Length ? 1 : (values.Length / most) + 1;
        var indices = new List<int>();
        for (var i = values.Length - 1; i >= 0; i -= step) indices.Add(i);
        var expected = new double[indices.Count];
        var found = new float[indices.Count];
        for (var i = 0; i < indices.Count; i++)
        {
            expected[i] = reference.Derivative(values, indices[i]);
            found[i] = actual[indices[i]];
        }

        AreClose(name + " gradient", expected, found);
    }

    private void AreClose(string name, double[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        var scale = 1.0;
        foreach (var value in expected) scale = Math.Max(scale, Math.Abs(value));
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= 3e-5 * scale)) Assert.Fail($"{_shape}: {name}[{i}] is {actual[i]:g9}, expected {expected[i]:g9}");
        }
    }

    private static float[] Values(Random random, int count, double scale)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (float)(((2 * random.NextDouble()) - 1) * scale);
        return values;
    }

    private static double[] Double(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static Memory<float> Given(float[] values)
    {
        if (values.Length == 0) return Nothing;
        var array = new float[values.Length + (2 * Slack)];
        Array.Fill(array, float.NaN);
        values.CopyTo(array, Slack);
        return array.AsMemory(Slack, values.Length);
    }

    private Memory<float> Guarded(string name, int length)
    {
        if (length == 0) return Nothing;
        var array = new float[length + (2 * Slack)];
        Array.Fill(array, float.NaN);
        _guarded.Add((name, array, length));
        return array.AsMemory(Slack, length);
    }

    private void CheckGuards()
    {
        foreach (var (name, array, length) in _guarded)
        {
            for (var i = 0; i < Slack; i++)
            {
                Assert.IsTrue(float.IsNaN(array[i]), $"{_shape}: wrote before {name}");
                Assert.IsTrue(float.IsNaN(array[Slack + length + i]), $"{_shape}: wrote after {name}");
            }
        }
    }
}
