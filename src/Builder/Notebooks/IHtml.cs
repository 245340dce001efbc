namespace OnnxFunctional.Notebooks;

/// <summary>What notebooks show as HTML.</summary>
internal interface IHtml
{
    /// <summary>Writes the value; by default, its text.</summary>
    void WriteHtml(HtmlWriter html) => html.Lines(ToString() ?? "");
}
