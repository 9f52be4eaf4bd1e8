using System.Collections.Concurrent;
using Fota.Interop.Cryptoki;

namespace Fota.Interop.Tests.Faults;

/// <summary>What the module is made to answer, and what was asked of it. Static, as C functions are: one test uses it at a time.</summary>
internal static class FaultPlan
{
    /// <summary>The functions that the library calls.</summary>
    public static readonly string[] Functions =
    [
        "C_Initialize",
        "C_Finalize",
        "C_GetInfo",
        "C_GetSlotList",
        "C_GetTokenInfo",
        "C_InitToken",
        "C_InitPIN",
        "C_OpenSession",
        "C_CloseSession",
        "C_GetSessionInfo",
        "C_Login",
        "C_Logout",
        "C_GetAttributeValue",
        "C_FindObjectsInit",
        "C_FindObjects",
        "C_FindObjectsFinal",
        "C_SignInit",
        "C_Sign",
        "C_GenerateKeyPair",
        "C_GenerateRandom",
    ];

    private static readonly ConcurrentDictionary<string, int> Calls = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, int> Signatures = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<int, bool> Hit = [];
    private static readonly ConcurrentDictionary<string, bool> Pretended = new(StringComparer.Ordinal);
    private static string? _function;
    private static nuint _code;
    private static string? _nextFunction;
    private static nuint _nextCode;
    private static int _nextLeft;
    private static string? _insideFunction;
    private static Action? _insideAction;
    private static int _inside;
    private static int _finalizedInside;

    /// <summary>How often C_Finalize was called while another call was inside the module.</summary>
    public static int FinalizationsDuringCalls => _finalizedInside;

    /// <summary>How many threads were given the answer of <see cref="AnswerEachThreadOnce"/>.</summary>
    public static int ThreadsHit => Hit.Count;

    /// <summary>What the module signed, by its digest: how often it did.</summary>
    public static IReadOnlyDictionary<string, int> Signed => Signatures;

    /// <summary>What every token says of itself besides the truth.</summary>
    public static nuint AddedTokenFlags { get; private set; }

    /// <summary>Forgets everything.</summary>
    public static void Reset()
    {
        (_function, _nextFunction, _insideFunction) = (null, null, null);
        (_inside, _finalizedInside) = (0, 0);
        AddedTokenFlags = 0;
        Hit.Clear();
        Calls.Clear();
        Signatures.Clear();
        Pretended.Clear();
    }

    public static int CallsOf(string function) => Calls.GetValueOrDefault(function);

    /// <summary>Each thread that calls the function gets the code, once, in place of an answer.</summary>
    public static void AnswerEachThreadOnce(string function, ulong code)
    {
        Hit.Clear();
        _code = (nuint)code;
        Volatile.Write(ref _function, function);
    }

    /// <summary>The next calls of the function get the code, from whatever thread.</summary>
    public static void AnswerNext(string function, ulong code, int times = 1)
    {
        (_nextCode, _nextLeft) = ((nuint)code, times);
        Volatile.Write(ref _nextFunction, function);
    }

    public static void FlagTokens(nuint flags) => AddedTokenFlags = flags;

    /// <summary>The next call of the function runs this while it is inside the module.</summary>
    public static void OnceInside(string function, Action action)
    {
        _insideAction = action;
        Volatile.Write(ref _insideFunction, function);
    }

    /// <summary>The function succeeds without having reached the module.</summary>
    public static void Pretend(params ReadOnlySpan<string> functions)
    {
        foreach (string function in functions)
        {
            Pretended[function] = true;
        }
    }

    /// <summary>Null when the module is to be asked; <see cref="End"/> follows then.</summary>
    public static nuint? Begin(string function)
    {
        Calls.AddOrUpdate(function, 1, static (_, count) => count + 1);
        if (Volatile.Read(ref _function) == function && Hit.TryAdd(Environment.CurrentManagedThreadId, true))
        {
            return _code;
        }

        if (Volatile.Read(ref _nextFunction) == function && Interlocked.Decrement(ref _nextLeft) >= 0)
        {
            return _nextCode;
        }

        if (Pretended.ContainsKey(function))
        {
            return Pkcs11.CKR_OK;
        }

        if (Interlocked.Increment(ref _inside) > 1 && function == "C_Finalize")
        {
            Interlocked.Increment(ref _finalizedInside);
        }

        if (Volatile.Read(ref _insideFunction) == function && Interlocked.Exchange(ref _insideFunction, null) == function)
        {
            _insideAction!();
        }

        return null;
    }

    public static void End(string function, nuint result, ReadOnlySpan<byte> content = default)
    {
        Interlocked.Decrement(ref _inside);
        if (function == "C_Sign" && result == Pkcs11.CKR_OK)
        {
            Signatures.AddOrUpdate(Convert.ToHexString(content), 1, static (_, count) => count + 1);
        }
    }
}
