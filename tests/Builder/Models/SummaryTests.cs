using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>Keras' summary table and its options.</summary>
[TestClass]
public sealed class SummaryTests
{
    private static Model Nested()
    {
        var inner = Model.Input([4]);
        var encoder = new Model(inner, inner.Apply(new Dense(3, name: "first"), new Dense(2, name: "second")), name: "encoder") { Trainable = false };
        var input = Model.Input([4], name: "a");
        return new Model(input, new Add(name: "sum").Call(encoder.Call(input), new Dense(2, name: "beside").Call(input)), name: "outer");
    }

    private static string[] Lines(Action<Action<string>> print)
    {
        var text = "";
        print(summary => text = summary);
        return text.ReplaceLineEndings("\n").Split('\n');
    }

    [TestMethod]
    public void Straight_models_have_no_connections_and_others_do()
    {
        var input = Model.Input([3]);
        StringAssert.DoesNotMatch(new Model(input, input.Apply(new Dense(2), new Dense(1))).ToString(), new("Connected to"));
        StringAssert.DoesNotMatch(new Sequential([5], new Dense(2), new Dense(1)).ToString(), new("Connected to"));
        StringAssert.Contains(Nested().ToString(), "Connected to");
        var shared = new Dense(3);
        StringAssert.Contains(new Model(input, shared.Call(shared.Call(input))).ToString(), "Connected to");
    }

    [TestMethod]
    public void Layers_of_inner_models_and_what_is_trained_have_cells()
    {
        var model = Nested();
        var lines = Lines(print => model.Summary(printFn: print, expandNested: true, showTrainable: true));
        string[] expected =
        [
            "┃ Layer (type)                  ┃ Output Shape ┃ Param # ┃ Connected to                ┃ Trainable ┃",
            "│ a (InputLayer)                │ (None, 4)    │       0 │ -                           │     -     │",
            "│ encoder (Functional)          │ (None, 2)    │      23 │ a[0][0]                     │     N     │",
            "│    └ input_layer (InputLayer) │ (None, 4)    │       0 │ -                           │     -     │",
            "│    └ first (Dense)            │ (None, 3)    │      15 │ input_layer[0][0]           │     N     │",
            "│    └ second (Dense)           │ (None, 2)    │       8 │ first[0][0]                 │     N     │",
            "│ beside (Dense)                │ (None, 2)    │      10 │ a[0][0]                     │     Y     │",
            "│ sum (Add)                     │ (None, 2)    │       0 │ encoder[0][0], beside[0][0] │     -     │",
        ];
        CollectionAssert.AreEqual(expected, lines.Where(line => line.StartsWith('┃') || line.StartsWith('│')).ToArray(), string.Join('\n', lines));
    }

    /// <summary>Keras counts the number of steps, the learning rate and two moments of each weight, and adds them to the total.</summary>
    [TestMethod]
    public void The_numbers_of_the_optimizer_are_counted_once_a_step_was_made()
    {
        var model = new Sequential([4], new Dense(3));
        var trainer = model.Compile(new Adam(), Loss.MeanSquaredError);
        StringAssert.DoesNotMatch(model.ToString(), new("Optimizer params"));
        trainer.TrainOnBatch(new float[2, 4], new float[2, 3]);
        var text = model.ToString().ReplaceLineEndings("\n");
        StringAssert.EndsWith(
            text, " Total params: 47 (188.00 B)\n Trainable params: 15 (60.00 B)\n Non-trainable params: 0 (0.00 B)\n Optimizer params: 32 (128.00 B)");
        trainer = model.Compile(new Sgd(), Loss.MeanSquaredError);
        StringAssert.DoesNotMatch(model.ToString(), new("Optimizer params"));
        trainer.TrainOnBatch(new float[2, 4], new float[2, 3]);
        StringAssert.Contains(model.ToString(), "Optimizer params: 2 (8.00 B)");
    }

    [TestMethod]
    [DataRow(60)]
    [DataRow(72)]
    [DataRow(120)]
    [DataRow(300)]
    public void A_line_has_the_length_that_is_asked_for_and_nothing_is_cut(int length)
    {
        var lines = Lines(print => Nested().Summary(length, printFn: print, showTrainable: true, showMacs: true, showActivationMemory: true));
        foreach (var line in lines.Where(line => "┏┃┡│├└".Contains(line[0], StringComparison.Ordinal))) Assert.AreEqual(length, line.Length, line);
        var letters = string.Concat(string.Concat(lines.Where(line => line[0] == '│')).Where(char.IsLetterOrDigit));
        foreach (var part in (string[])["encoder", "Functional", "beside", "InputLayer"])
        {
            if (length > 100) StringAssert.Contains(letters, part);
            foreach (var letter in part) Assert.Contains(letter, letters);
        }
    }

    [TestMethod]
    public void Positions_are_the_ends_of_columns()
    {
        var input = Model.Input([3]);
        var lines = Lines(print => new Model(input, new Dense(2).Call(input)).Summary(101, [0.5, 0.7, 1], print));
        Assert.AreEqual(('┳', '┳', '┓'), (lines[1][50], lines[1][70], lines[1][100]));
    }

    [TestMethod]
    public void A_range_shows_the_layers_from_one_pattern_to_the_other()
    {
        var input = Model.Input([3], name: "in");
        var model = new Model(input, input.Apply(new Dense(5, name: "a1"), new Dense(5, name: "b1"), new Dense(5, name: "b2"), new Dense(5, name: "c1")));
        var lines = Lines(print => model.Summary(printFn: print, layerRange: ("b", "b.*"))).Where(line => line.StartsWith('│')).ToArray();
        CollectionAssert.AreEqual((string[])["b1", "b2"], lines.Select(line => line[2..4]).ToArray());
    }

    [TestMethod]
    public void Multiply_adds_and_memory_are_those_of_the_formulas()
    {
        var image = Model.Input([9, 7, 3]);
        var x = image.Apply(new Conv2D(5, 3, padding: Padding.Same, name: "conv"), new Flatten(), new Dense(11, name: "dense"));
        x = x.Apply(new Reshape([11, 1]), new Lstm(4, name: "lstm"));
        var model = new Model(image, x);
        var lines = Lines(print => model.Summary(printFn: print, showMacs: true, showActivationMemory: true));
        string[] Cells(string name) =>
            [.. lines.Single(line => line.StartsWith($"│ {name} ", StringComparison.Ordinal)).Split('│').Select(cell => cell.Trim())];

        Assert.AreEqual($"{9 * 7 * 5 * 27:N0}", Cells("conv")[4]);
        Assert.AreEqual($"{9 * 7 * 5 * 11:N0}", Cells("dense")[4]);
        Assert.AreEqual($"{11 * 4 * 4 * (1 + 4):N0}", Cells("lstm")[4]);
        Assert.AreEqual("1.23 KB", Cells("conv")[5]);
        CollectionAssert.Contains(lines, $" Multiply-adds for one sample: {9 * 7 * 5 * 27 + 9 * 7 * 5 * 11 + 11 * 4 * 4 * 5:N0}");

        var open = Model.Input([null, 4]);
        lines = Lines(print => new Model(open, new Dense(3).Call(open)).Summary(printFn: print, showMacs: true));
        StringAssert.Contains(string.Join('\n', lines), "Multiply-adds for one sample: ?");
    }

    [TestMethod]
    public void Colors_are_for_terminals_only()
    {
        Assert.DoesNotContain('\u001b', Nested().ToString());
        StringAssert.Contains(Summaries.Table(Nested(), new SummaryOptions(HasColors: true)), "\u001b[38;5;34m");
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        var model = Nested();
        void Refused(string expected, Action use) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(use).Message, expected);
        Refused("lineLength 20", () => model.Summary(20));
        Refused("Give lineLength too", () => model.Summary(positions: [0.5, 1]));
        Refused("expected 4 rising shares", () => model.Summary(100, [0.5, 1]));
        Refused("expected 4 rising shares", () => model.Summary(100, [0.5, 0.4, 0.7, 1]));
        Refused("expected 4 rising shares", () => model.Summary(100, [0.2, 0.4, 0.7, double.NaN]));
        Refused("has no such layers in that order", () => model.Summary(layerRange: ("sum", "a")));
        Refused("has no such layers in that order", () => model.Summary(layerRange: ("none", "sum")));
        Refused("no regular expression", () => model.Summary(layerRange: ("(", "sum")));
    }
}
