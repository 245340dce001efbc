using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional.Notebooks;

/// <summary>Creates the formatter of all types that are <see cref="IHtml"/>.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Notebooks create it.")]
internal sealed class HtmlFormatterSource
{
    [SuppressMessage("Performance", "CA1822", Justification = "Notebooks call it on an instance.")]
    public IEnumerable<object> CreateTypeFormatters() => [new Formatter()];

    private sealed class Formatter
    {
        [SuppressMessage("Performance", "CA1822", Justification = "Notebooks read it on an instance.")]
        public string MimeType => "text/html";

        /// <summary>Writes a value; false if it is of another type.</summary>
        [SuppressMessage("Performance", "CA1822", Justification = "Notebooks call it on an instance.")]
        public bool Format(object value, TextWriter writer)
        {
            if (value is not IHtml shown) return false;
            shown.WriteHtml(new HtmlWriter(writer));
            return true;
        }
    }
}
