using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <content>Diagnoses and profiles of any training; CI leaves them to the tests of Diagnose and Profile.</content>
internal sealed partial class CheckedModel
{
    /// <summary>Any training can be diagnosed, between two steps that have the bits they have without.</summary>
    private void DiagnosisLeavesNoTrace()
    {
        var (plain, diagnosed) = (Trained(1, 1), Trained(1, 1));
        var report = diagnosed.Diagnose(_x, _y, _training.Samples, (_x, _y), Weighting(0));
        Assert(report.ToString().Length > 0, "diagnose", "no text");

        // More samples of the same kind, for the checks that need some.
        if (_made.BatchSize is null && _x.All(array => array.Count == _training.Samples) && _y.All(array => array.Count == _training.Samples))
        {
            int[] order = [.. Enumerable.Range(0, 40).Select(i => i % _training.Samples)];
            var (x, y) = (NDArrays.Create([.. _x.Select(array => array.Take(order))]), NDArrays.Create([.. _y.Select(array => array.Take(order))]));
            report = diagnosed.Diagnose(x, y, batchSize: 8, validationData: (x, y));
        }

        Step(plain, 1);
        Step(diagnosed, 1);
        Assert(Weights(plain.Model).AsSpan().SequenceEqual(Weights(diagnosed.Model)), "diagnose", "weights differ after the step that follows");
        SameLogs(Logs(plain, 2), Logs(diagnosed, 2), "diagnose", "after it");
    }

    /// <summary>Any training can be profiled, between two steps that have the bits they have without; every kernel is somebody's.</summary>
    private void ProfileLeavesNoTrace()
    {
        var (plain, profiled) = (Trained(1, 1), Trained(1, 1));
        var report = profiled.Profile(_x, _y, _training.Samples, steps: 1, Weighting(0));
        Assert(report.ToString().Length > 0, "profile", "no text");
        Assert(report.Kernels.All(kernel => report.Layers.Any(layer => layer.Layer == kernel.Layer)), "profile", "a kernel of no layer");
        Assert(profiled.Model.Profile(_x, steps: 1).Kernels.All(kernel => kernel.Phase == ProfilePhase.Forward), "profile", "a prediction trains");
        Step(plain, 1);
        Step(profiled, 1);
        Assert(Weights(plain.Model).AsSpan().SequenceEqual(Weights(profiled.Model)), "profile", "weights differ after the step that follows");
    }
}
