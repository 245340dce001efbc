using System.Text.Json;

namespace OnnxFunctional.Export.Keras;

/// <summary>What a .keras file says about its writer.</summary>
/// <param name="Version">Keras' version; null if the file names none.</param>
/// <param name="IsOurs">Whether this library wrote the file.</param>
internal sealed record KerasMetadata(string? Version, bool IsOurs)
{
    // The newest version whose files are among the tests, and the versions of Keras 2 that wrote .keras files.
    private const int Major = 3;
    private const int Minor = 16;
    private static readonly (int First, int Last) s_keras2 = (12, 15);

    // Keras writes the time of saving and never reads it. A fixed one, which Keras cannot write, keeps files of equal models equal.
    private const string Date = "1980-01-01@00:00:00";

    public static KerasMetadata None { get; } = new(null, false);

    /// <summary>The text that this library writes.</summary>
    public static ReadOnlySpan<byte> Ours => """{"keras_version": "3.15.1", "date_saved": "1980-01-01@00:00:00"}"""u8;

    /// <summary>A sentence that explains why the file may not be understood; null if its version is known or not named.</summary>
    public string? Unknown =>
        Version is null || (Version.Split('.') is [var major, var minor, ..] && int.TryParse(minor, out var number) && IsKnown(major, number))
            ? null
            : $"Keras {Version} wrote the file; this version of OnnxFunctional knows files of Keras {Major} up to {Major}.{Minor}. "
                + "Update the OnnxFunctional packages, or save the model with an older version of Keras.";

    /// <summary>Whether Keras 2 wrote the file, whose optimizers have other variables.</summary>
    public bool IsKeras2 => Version?.StartsWith("2.", StringComparison.Ordinal) == true;

    private static bool IsKnown(string major, int minor) =>
        (major == $"{Major}" && minor <= Minor) || (major == "2" && minor >= s_keras2.First && minor <= s_keras2.Last);

    /// <exception cref="ModelException">The text is not a JSON object, or a string in it is no text.</exception>
    public static KerasMetadata Parse(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new JsonException("It is not an object.");
            return new(Text("keras_version"), Text("date_saved") == Date);

            string? Text(string key) => root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
        {
            throw new ModelException($"'{file}' is damaged: its metadata.json cannot be read: {damaged.Message} Save the model again.", damaged);
        }
    }
}
