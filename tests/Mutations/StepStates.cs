using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Saved states of a custom training step.</summary>
internal static class StepStates
{
    private static readonly Lazy<TrainingStep> s_step = new(Make);

    public static IReadOnlyList<byte[]> All()
    {
        var step = Make();
        var first = ModelSamples.File("a.npz", step.Save);
        var (x, y) = ModelSamples.Batch();
        step.Run([x, y]);
        return [first, ModelSamples.File("a.npz", step.Save)];
    }

    /// <summary>Restores a state, which counts its steps.</summary>
    public static void Restore(byte[] content)
    {
        s_step.Value.Restore(Readers.Put("m.npz", content));
        if (s_step.Value.Iterations < 0) throw new InvalidOperationException($"{s_step.Value.Iterations} iterations were restored.");
    }

    private static TrainingStep Make()
    {
        var x = Model.Input([3], name: "x");
        var model = new Model(x, x.Apply(new Dense(2)));
        return TrainingStep.From(
            step =>
            {
                var input = step.Input([3], name: "x");
                step.Minimize("loss", Loss.MeanSquaredError.Call(step.Input([2], name: "y"), model.Call(input)), new Adam(0.01), model);
            },
            seed: 1);
    }
}
