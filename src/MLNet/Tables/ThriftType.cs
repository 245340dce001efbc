using System.Collections.Frozen;
using System.Globalization;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>What the fields of a structure are.</summary>
internal sealed class ThriftType
{
    // The structures of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift: numbers and kinds of fields; * is a list of such.
    private const string Parquet = """
        FileMetaData 1 i32 2 *SchemaElement 3 i64 4 *RowGroup 5 *KeyValue 6 binary 7 *Unit 9 binary
        SchemaElement 1 i32 2 i32 3 i32 4 binary 5 i32 6 i32 7 i32 8 i32 9 i32 10 LogicalType
        LogicalType 1 Empty 2 Empty 3 Empty 4 Empty 5 DecimalType 6 Empty 7 TimeType 8 TimeType 10 IntType
        LogicalType 11 Empty 12 Empty 13 Empty 14 Empty 15 Empty 17 Crs 18 Crs
        DecimalType 1 i32 2 i32
        TimeType 1 bool 2 Unit
        IntType 1 byte 2 bool
        Crs 1 binary 2 i32
        Unit 1 Empty 2 Empty 3 Empty
        Empty
        RowGroup 1 *ColumnChunk 2 i64 3 i64 4 *SortingColumn 5 i64 6 i64 7 i16
        SortingColumn 1 i32 2 bool 3 bool
        ColumnChunk 1 binary 2 i64 3 ColumnMetaData 4 i64 5 i32 6 i64 7 i32 9 binary
        ColumnMetaData 1 i32 2 *i32 3 *binary 4 i32 5 i64 6 i64 7 i64 8 *KeyValue 9 i64 10 i64
        ColumnMetaData 11 i64 12 Statistics 13 *PageEncodingStats 14 i64 15 i32 16 SizeStatistics
        Statistics 1 binary 2 binary 3 i64 4 i64 5 binary 6 binary 7 bool 8 bool
        KeyValue 1 binary 2 binary
        PageEncodingStats 1 i32 2 i32 3 i32
        SizeStatistics 1 i64 2 *i64 3 *i64
        PageHeader 1 i32 2 i32 3 i32 4 i32 5 DataPageHeader 6 Empty 7 DictionaryPageHeader 8 DataPageHeaderV2
        DataPageHeader 1 i32 2 i32 3 i32 4 i32 5 Statistics
        DictionaryPageHeader 1 i32 2 i32 3 bool
        DataPageHeaderV2 1 i32 2 i32 3 i32 4 i32 5 i32 6 i32 7 bool 8 Statistics
        """;

    private static readonly FrozenDictionary<string, ThriftKind> s_kinds = new Dictionary<string, ThriftKind>
    {
        ["bool"] = ThriftKind.True,
        ["byte"] = ThriftKind.Byte,
        ["i16"] = ThriftKind.Int16,
        ["i32"] = ThriftKind.Int32,
        ["i64"] = ThriftKind.Int64,
        ["binary"] = ThriftKind.Binary,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, ThriftType> s_types = ReadTypes();

    private readonly Dictionary<long, ThriftField> _fields = [];

    private ThriftType()
    {
    }

    /// <summary>The description of a Parquet file.</summary>
    public static ThriftType FileMetaData => s_types["FileMetaData"];

    /// <summary>The head of a page.</summary>
    public static ThriftType PageHeader => s_types["PageHeader"];

    /// <summary>What a field is; null if it is not known.</summary>
    public ThriftField? this[long number] => _fields.GetValueOrDefault(number);

    private static FrozenDictionary<string, ThriftType> ReadTypes()
    {
        string[][] lines = [.. Parquet.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        var types = lines.Select(line => line[0]).Distinct(StringComparer.Ordinal).ToDictionary(name => name, _ => new ThriftType(), StringComparer.Ordinal);
        foreach (var line in lines)
        {
            foreach (var field in line.Skip(1).Chunk(2))
            {
                var name = field[1].TrimStart('*');
                var type = types.GetValueOrDefault(name);
                var kind = type is null ? s_kinds[name] : ThriftKind.Struct;
                types[line[0]]._fields.Add(int.Parse(field[0], CultureInfo.InvariantCulture), new(kind, field[1][0] == '*', type));
            }
        }

        return types.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

/// <summary>What a field of a structure is.</summary>
/// <param name="Kind">Its kind, or that of its elements; True for truth values.</param>
/// <param name="IsList">Whether it is a list.</param>
/// <param name="Type">The structure that it or an element is.</param>
internal sealed record ThriftField(ThriftKind Kind, bool IsList, ThriftType? Type);
