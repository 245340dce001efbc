using System.Reflection;
using OnnxFunctional.Initializers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Random models reach all that a model can consist of; what the tables of files gain must be drawn too.</summary>
[TestClass]
public sealed class ReachTests
{
    // Enough to draw what is rare; most runs end long before.
    private const int MostModels = 20_000;

    // Options whose value cannot differ here, with the reason.
    private static readonly Dictionary<string, string> s_fixed = new()
    {
        ["name"] = "a name changes no number",
        ["input_axes"] = "the axes of a weight, whose rank is not known where the initializer is drawn",
        ["output_axes"] = "as input_axes",
        ["Discretization.num_bins"] = "learned from data by Adapt",
        ["Discretization.epsilon"] = "of the sketch that Adapt makes",
    };

    [TestMethod]
    public void Every_layer_initializer_regularizer_constraint_and_option_is_drawn()
    {
        // Models are drawn over numbers, and one initializer is that of spectrograms alone.
        var missing = Wanted(KerasRegistry.ByType.Values.Where(type => !LayerCases.OfText.Contains(type.Type) && type.Type != typeof(Stft)));
        for (var i = 0; i < MostModels && missing.Count > 0; i++)
        {
            var draw = new Draw((ulong)i);
            missing.ExceptWith(ModelDraw.Of(new Recipe((ulong)i, [.. Enumerable.Range(0, 6).Select(step => (ulong)draw.Below(int.MaxValue))])).Reached);
        }

        Assert.AreEqual("", string.Join(", ", missing));
    }

    [TestMethod]
    public void Every_optimizer_schedule_loss_and_option_is_drawn()
    {
        var missing = Wanted(CompileTypes.Optimizers.Values.Concat(CompileTypes.Schedules.Values));
        for (var i = 0; i < MostModels && missing.Count > 0; i++)
        {
            var recipe = new Recipe((ulong)i, []);
            var made = ModelDraw.Of(recipe);
            var training = TrainingDraw.Of(made, recipe);
            training.Compile(made.Model, 1);
            missing.ExceptWith(training.Reached);
        }

        Assert.AreEqual("", string.Join(", ", missing));
        Assert.AreEqual("", string.Join(", ", CompileTypes.Losses.Keys.Except(LossForm.Names)), "Add a row to LossForm.");
        Assert.AreEqual("", string.Join(", ", CompileTypes.Metrics.Keys.Except(MetricForm.Names)), "Add a row to MetricForm.");
    }

    /// <summary>Functions that are formulas of drawn ones are compared with Keras' numbers and with differences instead, and constants with theirs.</summary>
    [TestMethod]
    public void Every_function_is_drawn_or_compared_with_Keras()
    {
        string[] constants = ["Arange", "Bartlett", "Blackman", "Eye", "Geomspace", "Hamming", "Hanning", "Ifft", "Kaiser", "Linspace", "Logspace", "Tri"];
        var functions = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(method => method.Name).Distinct();
        var missing = functions.Except(FunctionDraw.Names).Except(KerasFunctionCases.Functions).Except(constants);
        Assert.AreEqual("", string.Join(", ", missing), "Add a row to FunctionDraw, or to KerasFunctionCases if it is a formula of others.");
    }

    [TestMethod]
    public void A_recipe_gives_the_same_model_again_and_is_its_own_text()
    {
        for (var i = 0; i < 100; i++)
        {
            var recipe = new Recipe((ulong)i, [3, (ulong)i, 7]) { Plain = ["0/Dense/units"] };
            var again = Recipe.Parse(recipe.ToString());
            Assert.AreEqual(recipe.ToString(), again.ToString());
            CollectionAssert.AreEqual(ModelDraw.Of(recipe).Description.ToArray(), ModelDraw.Of(again).Description.ToArray());
        }
    }

    private static HashSet<string> Wanted(IEnumerable<KerasType> types) =>
        [.. types.SelectMany(type => type.Configuration
            .Where(member => !s_fixed.ContainsKey(member.Key) && !s_fixed.ContainsKey($"{type.Name}.{member.Key}"))
            .Select(member => $"{type.Name}.{member.Key}")
            .Prepend(type.Name))];
}
