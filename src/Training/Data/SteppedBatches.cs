using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Data;

/// <summary>Epochs with a fixed number of steps: each continues where the last one ended, and the data restarts at its end.</summary>
/// <remarks>If the number of batches is known, the position follows from the epoch, so resumed training continues like uninterrupted training.</remarks>
internal sealed class SteppedBatches(BatchSource source, int steps) : BatchSource
{
    private int _done;
    private int? _round;

    public override int? BatchesPerEpoch => steps;

    public override int Samples => source.Samples;

    public override (int First, int Count) Held => source.Held;

    public override int Arrays => source.Arrays;

    public override TimeSpan Waited => source.Waited;

    public override DatasetProfile? Profile => source.Profile;

    public override void Start(int epoch)
    {
        _done = 0;
        if (source.BatchesPerEpoch is { } length)
        {
            var (round, place) = Math.DivRem((long)epoch * steps, length);
            if (_round == round && place > 0) return;
            source.Start((int)round);
            for (var i = 0; i < place; i++) source.MoveNext();
            _round = (int)round;
        }
        else if (_round is null)
        {
            source.Start(epoch);
            _round = epoch;
        }
    }

    public override bool MoveNext()
    {
        if (_done == steps) return false;
        if (!source.MoveNext())
        {
            _round++;
            source.Start(_round ?? 0);
            if (!source.MoveNext()) throw new ModelException($"The data holds no batches, but stepsPerEpoch asks for {steps}.");
        }

        _done++;
        return true;
    }

    public override TensorSpec SpecOf(int array) => source.SpecOf(array);

    public override void CopyTo(int array, int first, int count, ValueBuffer target) => source.CopyTo(array, first, count, target);

    public override void Dispose()
    {
        source.Dispose();
        base.Dispose();
    }
}
