
namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Makes a failing recipe smaller as long as it fails in the same way: fewer steps, then more options at their defaults.</summary>
internal static class Shrinking
{
    /// <summary>The smallest recipe found with at most a number of attempts.</summary>
    /// <param name="recipe">A recipe that fails.</param>
    /// <param name="failure">How a recipe fails: its kind, null if it does not.</param>
    /// <param name="attempts">The number of recipes to try.</param>
    public static Recipe Run(Recipe recipe, Func<Recipe, string?> failure, int attempts)
    {
        var kind = failure(recipe);
        bool Fails(Recipe smaller) => attempts-- > 0 && failure(smaller) == kind;

        for (var length = recipe.Steps.Length / 2; length > 0; length /= 2)
        {
            for (var start = recipe.Steps.Length - length; start >= 0; start -= length)
            {
                var smaller = recipe with { Steps = recipe.Steps.RemoveRange(start, length) };
                if (Fails(smaller)) recipe = smaller;
                start = Math.Min(start, recipe.Steps.Length);
            }
        }

        // Options that disappear with another one are gone when their turn comes.
        var tried = new HashSet<string>();
        while (Options(recipe).FirstOrDefault(path => !tried.Contains(path)) is { } path)
        {
            tried.Add(path);
            var smaller = recipe with { Plain = recipe.Plain.Add(path) };
            if (Fails(smaller)) recipe = smaller;
        }

        return recipe;
    }

    private static IEnumerable<string> Options(Recipe recipe)
    {
        try
        {
            var made = ModelDraw.Of(recipe);
            var training = TrainingDraw.Of(made, recipe);
            training.Compile(made.Model, 1);
            return [.. made.Paths, .. training.Paths];
        }
        catch (Exception)
        {
            return [];
        }
    }
}
