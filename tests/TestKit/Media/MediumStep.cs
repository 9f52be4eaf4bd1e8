namespace Fota.TestKit.Media;

/// <summary>What changes a medium, or makes a change durable.</summary>
public enum MediumOperation
{
    Create,
    Write,
    Flush,
    Rename,
    Delete,
    CreateDirectory,
    FlushDirectory,
}

/// <summary>One operation on a medium.</summary>
/// <param name="Number">How many were before it.</param>
/// <param name="Operation">What is done.</param>
/// <param name="Path">The file or directory; of a rename the new name.</param>
public sealed record MediumStep(int Number, MediumOperation Operation, string Path)
{
    public override string ToString() => $"operation {Number} ({Operation} {Path})";
}

/// <summary>What a medium does in place of an operation.</summary>
public enum MediumFault
{
    None,

    /// <summary>EIO. Half of a write's sectors were written; what a flush should have made durable never will be, as on Linux.</summary>
    InputOutputError,

    /// <summary>ENOSPC for whatever needs room, with half of a write's sectors written; the rest works.</summary>
    NoSpace,

    /// <summary>EROFS.</summary>
    ReadOnly,

    /// <summary>A write or flush is said to be done, and is not.</summary>
    Dropped,
}

/// <summary>How a sector that is worn out behaves.</summary>
public enum BadSector
{
    /// <summary>It reads back otherwise than it was written.</summary>
    ReadsWrong,

    /// <summary>Reading it is EIO.</summary>
    Unreadable,
}
