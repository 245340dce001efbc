using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Training.Losses;
using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>A trained model that is worse on validation data than one dense layer over all inputs.</summary>
internal sealed class LinearModelCheck : IFaultCheck
{
    // A second of work for all steps.
    private const long MostElements = 1 << 20;
    private const int MostSamples = 2048;
    private const long MostFeatures = 4096;
    private const int MostTargets = 64;
    private const int Steps = 300;
    private const double Rate = 0.03;

    // A deep network that trains is rarely behind by chance so far.
    private const double Margin = 0.05;
    private const double LargestRatio = 1.25;

    // Of the loss of a constant guess: what is left beyond it are decimals.
    private const double LeastDifference = 0.1;

    public string Subject => "comparison with a linear model";

    public void Run(Examination examination)
    {
        if (TrainedModel.CannotCompare(examination) is { } reason)
        {
            examination.Skip(Subject, reason);
            return;
        }

        // On what it was trained on, a linear model of many features has no errors, and that says nothing.
        var inputs = examination.Model.Inputs;
        var features = examination.Training.Inputs.Sum(array => array.Shape.ElementCount / Math.Max(1, array.Count));
        if (examination.Validation is null || inputs.Any(input => input.DType != DType.Float32) || features > MostFeatures)
        {
            examination.Skip(
                Subject,
                examination.Validation is null ? "no validationData was given."
                    : features > MostFeatures ? $"a sample has {features:N0} numbers." : "an input is not made of real numbers.");
            return;
        }

        var (training, judged) = (examination.Training.Spread((int)Math.Min(MostSamples, MostElements / features)), TrainedModel.Judged(examination));
        var (trainedOn, judgedOn) = Scaled(Rows(training, (int)features), Rows(judged, (int)features), (int)features);
        foreach (var output in examination.Outputs)
        {
            if (output.CannotCompare is { } cannot) examination.Skip(Subject, cannot);
            else if (!examination.Has(FindingKind.WorseThanBaseline, output.Name)) Compare(examination, output, training, judged, trainedOn, judgedOn);
        }
    }

    private static void Compare(
        Examination examination, ExaminedOutput output, SampleSet training, SampleSet judged, NDArray trainedOn, NDArray judgedOn)
    {
        var target = training.Target(output.Index);
        var predictions = TrainedModel.Predictions(examination, output);
        if (ClassBalanceCheck.ClassesOf(output, judged.Target(output.Index)) is { } classes
            && ClassBalanceCheck.ClassesOf(output, target) is { } trained)
        {
            var count = Math.Max(classes.Max(), trained.Max()) + 1;
            if (count > MostTargets * 4) return;
            var logits = Linear(trainedOn, trained, count, Loss.From(Crossentropy, "linear")).Predict(judgedOn, judged.Count).ToArray();
            var right = Enumerable.Range(0, classes.Length).Count(i => TensorPrimitives.IndexOfMax<float>(logits.AsSpan(i * count, count)) == classes[i]);
            var (own, linear) = (TrainedModel.Accuracy(output, classes, predictions), right / (double)classes.Length);
            if (!TrainedModel.IsBelow(own, linear, classes.Length, Margin)) return;
            Add($"is right for {Percent(own)} of {classes.Length:N0} validation samples, and a linear model for {Percent(linear)}");
        }
        else if (output.Loss is MeanSquaredError or MeanAbsoluteError or Huber or LogCosh
            && target.Shape.ElementCount / target.Count is var size and <= MostTargets)
        {
            var (mean, deviation) = Moments(target.AsFloats(), (int)size);
            var scaled = Standardized(target.AsFloats(), mean, deviation);
            var result = Linear(trainedOn, NDArray.Create(scaled, Shape.Of(target.Count, (int)size)), (int)size, Loss.MeanSquaredError)
                .Predict(judgedOn, judged.Count).ToArray();
            for (var i = 0; i < result.Length; i++) result[i] = (result[i] * deviation[i % (int)size]) + mean[i % (int)size];
            if (Guess.LossOf(examination, output, judged, result) is not { } linear) return;
            if (Guess.LossOf(examination, output, judged, predictions) is not { } own) return;
            if (Guess.Constant(examination, output, training, judged) is not { } constant) return;
            if (own <= Math.Max(LargestRatio * linear, linear + (LeastDifference * constant))) return;
            Add($"has a loss of {Number(own)} on {judged.Count:N0} validation samples, and a linear model has {Number(linear)}");
        }

        void Add(string what) => examination.Add(
            FindingKind.WorseThanBaseline,
            output.Name,
            $"Output '{output.Name}' {what}. Train for more epochs; if it stays behind, begin with the linear model and add "
            + "layers one by one.");
    }

    private static SymbolicTensor Crossentropy(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        new SparseCategoricalCrossentropy(fromLogits: true).PerSample(yTrue, yPred);

    private static Model Linear(NDArray x, NDArray y, int units, Loss loss)
    {
        var input = Model.Input([x.Shape.Dims[1]]);
        var model = new Model(input, new Dense(units, kernelInitializer: Initializer.Zeros).Call(input), "linear");
        model.Compile(new Adam(Rate), loss).Fit(x, y, batchSize: x.Count, epochs: Steps, shuffle: false, verbose: Verbosity.Silent);
        return model;
    }

    private static float[] Rows(SampleSet samples, int features)
    {
        var rows = new float[(long)samples.Count * features];
        var at = 0;
        foreach (var array in samples.Inputs)
        {
            var values = array.AsFloats();
            var size = values.Length / samples.Count;
            for (var i = 0; i < samples.Count; i++) values.Slice(i * size, size).CopyTo(rows.AsSpan((i * features) + at, size));
            at += size;
        }

        return rows;
    }

    private static (NDArray Training, NDArray Judged) Scaled(float[] training, float[] judged, int features)
    {
        var (mean, deviation) = Moments(training, features);
        return (Of(training), Of(judged));

        NDArray Of(float[] rows) => NDArray.Create(Standardized(rows, mean, deviation), Shape.Of(rows.Length / features, features));
    }

    private static float[] Standardized(ReadOnlySpan<float> values, float[] mean, float[] deviation)
    {
        var result = new float[values.Length];
        for (var i = 0; i < result.Length; i++) result[i] = (values[i] - mean[i % mean.Length]) / deviation[i % mean.Length];
        return result;
    }

    private static (float[] Mean, float[] Deviation) Moments(ReadOnlySpan<float> values, int size)
    {
        var (sums, squares, rows) = (new double[size], new double[size], values.Length / size);
        for (var i = 0; i < values.Length; i++) sums[i % size] += values[i] / (double)rows;
        for (var i = 0; i < values.Length; i++) squares[i % size] += Math.Pow(values[i] - sums[i % size], 2) / rows;
        return ([.. sums.Select(sum => (float)sum)], [.. squares.Select(square => square > 0 ? (float)Math.Sqrt(square) : 1)]);
    }
}
