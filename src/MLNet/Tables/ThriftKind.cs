namespace OnnxFunctional.MLNet.Tables;

/// <summary>Kinds of values, by their numbers in Thrift's compact protocol.</summary>
internal enum ThriftKind
{
    /// <summary>The end of a structure.</summary>
    Stop = 0,

    /// <summary>True, which as a field has no bytes.</summary>
    True = 1,

    /// <summary>False, which as a field has no bytes.</summary>
    False = 2,

    /// <summary>A byte.</summary>
    Byte = 3,

    /// <summary>A whole number of 16 bits.</summary>
    Int16 = 4,

    /// <summary>A whole number of 32 bits.</summary>
    Int32 = 5,

    /// <summary>A whole number of 64 bits.</summary>
    Int64 = 6,

    /// <summary>A number of 64 bits.</summary>
    Double = 7,

    /// <summary>Bytes, or a text.</summary>
    Binary = 8,

    /// <summary>Values of one kind.</summary>
    List = 9,

    /// <summary>Different values of one kind.</summary>
    Set = 10,

    /// <summary>Values by keys.</summary>
    Map = 11,

    /// <summary>Fields.</summary>
    Struct = 12,

    /// <summary>An identifier of 16 bytes.</summary>
    Uuid = 13,
}
