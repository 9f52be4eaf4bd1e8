using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>A PKCS#11 call failed. The message names the function and its code, as in "C_Sign: CKR_PIN_LOCKED".</summary>
public sealed class CryptokiException : CryptographicException
{
    /// <summary>Reports that <paramref name="function"/> answered <paramref name="code"/>.</summary>
    /// <param name="function">The C function that failed.</param>
    /// <param name="code">What it returned.</param>
    /// <param name="context">What was being done, when function and code do not say it all.</param>
    public CryptokiException(string function, ReturnValue code, string? context = null)
        : base(context is null ? $"{function}: {code.Name}" : $"{function}: {code.Name} ({context})")
    {
        Function = function;
        Code = code;
    }

    /// <summary>The C function that failed.</summary>
    public string Function { get; }

    /// <summary>What it returned.</summary>
    public ReturnValue Code { get; }

    /// <summary>Whether a login was refused, or answered in a way that may mean so: the PIN is not given again by itself (A50).</summary>
    public bool IsRefusedLogin =>
        Code.Recovery == Recovery.NeverAgain || (Function == nameof(CK_FUNCTION_LIST.C_Login) && Code.Recovery == Recovery.Fatal);

    /// <summary>Whether it was the module that answered.</summary>
    internal bool ReachedModule { get; private init; } = true;

    /// <summary>A session of before the module was initialised anew, refused before it reached the module.</summary>
    internal static CryptokiException EarlierGeneration(string function) =>
        new(function, new ReturnValue(Pkcs11.CKR_SESSION_HANDLE_INVALID), "the module has been initialised anew") { ReachedModule = false };

    internal static void ThrowIfFailed(nuint returnValue, string function)
    {
        if (returnValue != Pkcs11.CKR_OK)
        {
            throw new CryptokiException(function, new ReturnValue(returnValue));
        }
    }
}
