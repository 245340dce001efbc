using System.Text;

namespace OnnxFunctional.Training.Data;

/// <summary>The text of a file, if it is not too large.</summary>
internal static class CsvText
{
    // A string can hold little more; a compressed file of half a megabyte can reach it.
    private const int MostCharacters = 1 << 29;
    private const int ChunkCharacters = 1 << 16;

    public static string Read(DataFile file)
    {
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        using var reader = new StreamReader(file.Stream, encoding, detectEncodingFromByteOrderMarks: true, bufferSize: ChunkCharacters, leaveOpen: true);
        var text = new StringBuilder();
        var chunk = new char[ChunkCharacters];
        try
        {
            for (var count = reader.Read(chunk); count > 0; count = reader.Read(chunk))
            {
                if (text.Length + count > MostCharacters) throw new DataException($"{file.Name} has more than {MostCharacters} characters. Split it.");
                text.Append(chunk, 0, count);
            }
        }
        catch (DecoderFallbackException invalid)
        {
            throw new DataException($"{file.Name} is not UTF-8 text (line {LinesIn(text) + 1} or after). Save it as UTF-8.", invalid);
        }

        return text.ToString();
    }

    private static int LinesIn(StringBuilder text)
    {
        var lines = 0;
        foreach (var chunk in text.GetChunks()) lines += chunk.Span.Count('\n');
        return lines;
    }
}
