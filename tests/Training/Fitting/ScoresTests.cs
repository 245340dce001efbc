using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>What Evaluate returns and prints.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ScoresTests
{
    private static readonly float[,] s_x = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
    private static readonly int[] s_y = [1, 0, 1];

    [TestMethod]
    public void Scores_are_read_by_name_in_order_or_as_variables()
    {
        var scores = Compiled().Evaluate(s_x, s_y, verbose: 0);
        var (loss, accuracy) = scores;
        CollectionAssert.AreEqual(new[] { "loss", "accuracy" }, scores.Keys.ToArray());
        Assert.AreEqual(scores["loss"], scores[0]);
        Assert.AreEqual(scores["accuracy"], scores[1]);
        Assert.AreEqual((scores[0], scores[1]), (loss, accuracy));
        StringAssert.Matches(scores.ToString(), new(@"^loss: \d\.\d{4} - accuracy: \d\.\d{4}$"));
    }

    [TestMethod]
    public void A_score_that_does_not_exist_is_refused_with_those_that_do()
    {
        var scores = Compiled().Evaluate(s_x, s_y, verbose: 0);
        StringAssert.Contains(Assert.Throws<ModelException>(() => scores["acuracy"]).Message, "Did you mean 'accuracy'? There are: loss, accuracy.");
        StringAssert.Contains(Assert.Throws<ModelException>(() => scores[2]).Message, "expected 0 to 1: loss, accuracy");
        StringAssert.Contains(Assert.Throws<ModelException>(() => { var (_, _, _) = scores; }).Message, "2 values cannot be deconstructed into 3");
    }

    [TestMethod]
    [DataRow(0, "^$")]
    [DataRow(1, @"^2/2 \S+ \d+s \S+/step - loss: \d\.\d{4} - accuracy: \d\.\d{4}\s+$")]
    [DataRow(2, @"^2/2 \S+ \d+s \S+/step - loss: \d\.\d{4} - accuracy: \d\.\d{4}\s+$")]
    public void An_evaluation_prints_one_line_unless_it_is_silent(int verbose, string pattern)
    {
        var (output, trainer) = (Console.Out, Compiled());
        using var written = new StringWriter();
        try
        {
            Console.SetOut(written);
            trainer.Evaluate(s_x, s_y, batchSize: 2, verbose: verbose);
        }
        finally
        {
            Console.SetOut(output);
        }

        StringAssert.Matches(written.ToString(), new(pattern));
    }

    private static Trainer Compiled()
    {
        var x = Model.Input([2]);
        return new Model(x, new Dense(2, Activation.Softmax).Call(x)).Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
    }
}
