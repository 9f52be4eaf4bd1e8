namespace Fota.Interop.Zstd;

/// <summary>libzstd could not do its work for a reason that is not the input's fault: memory, a parameter, or a buffer of the caller.</summary>
public sealed class ZstdException(string function, string errorName) : Exception($"{function}: {errorName}")
{
    /// <summary>The C function that failed.</summary>
    public string Function { get; } = function;

    /// <summary>libzstd's own name of the error.</summary>
    public string ErrorName { get; } = errorName;
}
