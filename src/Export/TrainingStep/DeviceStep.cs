using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A step in ONNX Runtime, with the weights that it holds on the device until somebody asks for them.</summary>
/// <remarks>
/// A weight is copied to the device before the first step and after somebody had it, because that may have changed it. It is copied back when it is asked for.
/// Two numbers stay here, because they are read in every step: the learning rate, which is data of the step, and the count of steps, which both sides count.
/// </remarks>
internal sealed class DeviceStep : IWeightHolder
{
    private readonly Lock _lock = new();
    private readonly Weight _rate;
    private readonly Weight[] _weights;

    // The memory of the weights themselves.
    private readonly float[][] _own;
    private readonly bool[] _changes;
    private readonly Dictionary<Weight, int> _places = [];
    private readonly WeightGate[] _gates;
    private readonly int _counter;
    private float _count;

    // Whether the device has the newest values of a weight, and whether it alone has them.
    private readonly bool[] _isHeld;
    private readonly bool[] _isNewer;

    // Not collected before this object, because ONNX Runtime's objects must be released in an order, which finalizers have not. It may not refer to anything
    // that refers to a weight, which may refer to this object.
    private readonly GCHandle<Native> _native;
    private readonly Lazy<bool> _evaluates;
    private readonly long _bytes;

    /// <summary>Opens the step.</summary>
    /// <exception cref="ExportException">The device is not available, or has no memory for the state.</exception>
    public DeviceStep(ExportedStep step, ExecutionProvider provider, OnnxModelOptions options)
    {
        Step = step;
        _rate = step.Compiled.State.LearningRate;
        _weights = [.. step.State.Select(tensor => tensor.Weight)];
        _changes = [.. step.State.Select(tensor => tensor.Next is not null)];
        for (var i = 0; i < _weights.Length; i++) _places.Add(_weights[i], i);
        _counter = _places[step.Compiled.State.Iterations];
        _gates = WeightGate.Of(_weights);
        (_own, _isHeld, _isNewer) = (new float[_weights.Length][], new bool[_weights.Length], new bool[_weights.Length]);
        _native = new(new Native(step, provider, options));
        _evaluates = new(() => _native.Target.Open(step, provider, options));
        _bytes = 2 * sizeof(float) * _weights.Sum(weight => (long)weight.Length);
        GC.AddMemoryPressure(_bytes);
    }

    ~DeviceStep()
    {
        if (!_native.IsAllocated) return;
        _native.Target.Dispose();
        _native.Dispose();
        GC.RemoveMemoryPressure(_bytes);
    }

    /// <summary>What is run.</summary>
    public ExportedStep Step { get; }

    /// <summary>Whether evaluations can be made on the device, too.</summary>
    public bool Evaluates => _evaluates.Value;

    /// <summary>Runs the step on the current batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="results">Receives losses and sums of metrics.</param>
    /// <returns>False if the loss is not finite; the state is what it was then.</returns>
    /// <exception cref="ExportException">ONNX Runtime failed; the state is what it was.</exception>
    public bool Run(BatchSource batch, float[][] results)
    {
        foreach (var gate in _gates) gate.Enter();
        try
        {
            lock (_lock) return Run(batch, results, _native.Target);
        }
        finally
        {
            foreach (var gate in _gates) gate.Exit();
            GC.KeepAlive(this);
        }
    }

    /// <summary>Computes losses and metrics of the current batch; nothing changes.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="results">Receives losses and sums of metrics.</param>
    /// <exception cref="ExportException">ONNX Runtime failed.</exception>
    public void Evaluate(BatchSource batch, float[][] results)
    {
        foreach (var gate in _gates) gate.Enter();
        try
        {
            lock (_lock)
            {
                var (session, state) = (_native.Target.Evaluation!, _native.Target.State);
                Send(state);
                for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, session.Input(i, batch.SpecOf(i)));
                session.Run(state.Current);
                for (var i = 0; i < results.Length; i++) session.Floats(i).CopyTo(results[i]);
            }
        }
        finally
        {
            foreach (var gate in _gates) gate.Exit();
            GC.KeepAlive(this);
        }
    }

    /// <inheritdoc/>
    public void Release(Weight weight)
    {
        lock (_lock)
        {
            var place = _places[weight];
            if (!_isHeld[place]) return;
            if (_isNewer[place]) _native.Target.State.Read(place, _own[place]);
            (_isHeld[place], _isNewer[place]) = (false, false);
            weight.Lend(null);
        }

        GC.KeepAlive(this);
    }

    private bool Run(BatchSource batch, float[][] results, Native native)
    {
        var (session, state) = (native.Session, native.State);
        Send(state);
        for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, session.Input(i, batch.SpecOf(i)));
        var next = batch.Arrays;
        if (Step.Graph.ReadsSeed) session.Input(next++, Native.Seed).Longs[0] = unchecked((long)Step.Seed);
        if (Step.Graph.ReadsLearningRate) session.Input(next, Native.Rate).Floats[0] = _rate.Storage[0];
        session.Run(state.Current);
        for (var i = 0; i < results.Length; i++) session.Floats(i).CopyTo(results[i]);

        // The step wrote the other set of buffers, which does not become the state.
        if (!float.IsFinite(results[0][0])) return false;
        state.Advance();
        if (!Step.Graph.ReadsLearningRate) _rate.Storage[0] = session.Floats(session.Reports - 1)[0];
        for (var i = 0; i < _weights.Length; i++) _isNewer[i] = _changes[i];
        _isNewer[_counter] = false;
        _own[_counter][0] = ++_count;
        return true;
    }

    /// <summary>Copies to the device what it has not, or not any more.</summary>
    private void Send(DeviceState state)
    {
        for (var i = 0; i < _weights.Length; i++)
        {
            if (i == _counter && _isHeld[i] && _own[i][0] != _count) _isHeld[i] = false;
            if (_isHeld[i]) continue;
            state.Write(i, _own[i] = _weights[i].Storage);
            if (i == _counter) _count = _own[i][0];
            else _weights[i].Lend(_changes[i] ? this : new Copied(_lock, _isHeld, i));
            _isHeld[i] = true;
        }
    }

    /// <summary>
    /// Notes that somebody asked for a weight that steps do not change. Nothing has to be copied back, so a model does not keep the device's memory by it.
    /// </summary>
    private sealed class Copied(Lock gate, bool[] isHeld, int place) : IWeightHolder
    {
        public void Release(Weight weight)
        {
            lock (gate)
            {
                isHeld[place] = false;
                weight.Lend(null);
            }
        }
    }

    /// <summary>What ONNX Runtime has of a step.</summary>
    private sealed class Native : IDisposable
    {
        public static readonly TensorSpec Seed = new(Shape.Of(), DType.Int64);
        public static readonly TensorSpec Rate = new(Shape.Of(), DType.Float32);

        public Native(ExportedStep step, ExecutionProvider provider, OnnxModelOptions options)
        {
            var source = $"the training step of model '{step.Compiled.Model.Name}'";
            Session = StepSession.Open(step.Graph.Proto.ToByteArray(), source, provider, options, step.Tensors);
            try
            {
                ManifestState[] tensors = [.. step.State.Select(Described)];
                State = new DeviceState(tensors, Session, source, provider, options);
            }
            catch
            {
                Session.Dispose();
                throw;
            }
        }

        public StepSession Session { get; }

        public DeviceState State { get; }

        /// <summary>The evaluation; null before it is opened.</summary>
        public StepSession? Evaluation { get; private set; }

        public void Dispose()
        {
            List<StepSession> sessions = [Session];
            if (Evaluation is not null) sessions.Add(Evaluation);
            foreach (var session in sessions) session.Unbind();
            State.Dispose();
            foreach (var session in sessions) session.Dispose();
        }

        /// <summary>Opens the evaluation; false if the file cannot make it.</summary>
        public bool Open(ExportedStep step, ExecutionProvider provider, OnnxModelOptions options)
        {
            if (step.Evaluation() is not var (proto, tensors)) return false;
            var source = $"the evaluation of model '{step.Compiled.Model.Name}'";
            var session = StepSession.Open(proto.ToByteArray(), source, provider, options, tensors);
            State.BindTo(session, tensor => Array.Exists(tensors.State, read => read.Name == tensor.Name));
            Evaluation = session;
            return true;
        }

        private static ManifestState Described(NamedState tensor) =>
            new(tensor.Name, tensor.Next?.Name, tensor.Weight.Shape.Dims.ToArray(), tensor.IsWeight, tensor.Average, Evaluates: false, Predicts: false);
    }
}
