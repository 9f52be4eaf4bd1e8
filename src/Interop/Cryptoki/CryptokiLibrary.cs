using System.Text;

namespace Fota.Interop.Cryptoki;

/// <summary>A PKCS#11 module, loaded from a path and initialised for use by many threads.</summary>
public sealed unsafe class CryptokiLibrary : IDisposable
{
    private const int LabelLength = 32;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _refusedLabels = new(StringComparer.Ordinal);
    private volatile bool _isDisposed;

    private CryptokiLibrary(ModuleHandle module, TimeProvider clock)
    {
        Module = module;
        Clock = clock;
    }

    internal ModuleHandle Module { get; }

    /// <summary>What pauses are measured with.</summary>
    internal TimeProvider Clock { get; }

    /// <summary>Loads and initialises the module at <paramref name="path"/>.</summary>
    /// <param name="path">Where the module is.</param>
    /// <param name="clock">What pauses before another attempt are measured with; the machine's own when it is null.</param>
    /// <exception cref="CryptokiRefusalException">There is no file, or it is not a PKCS#11 module.</exception>
    /// <exception cref="CryptokiException">The module refuses to be initialised.</exception>
    public static CryptokiLibrary Load(string path, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new CryptokiLibrary(ModuleHandle.Load(path), clock ?? TimeProvider.System);
    }

    /// <summary>One line about the module: what it is, who made it, its versions.</summary>
    public string Describe()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var call = new ModuleCall(Module);
        CK_INFO info;
        CryptokiException.ThrowIfFailed(Module.Functions->C_GetInfo(&info), nameof(CK_FUNCTION_LIST.C_GetInfo));
        string description = TokenDescription.Text(info.Description, 32);
        string manufacturer = TokenDescription.Text(info.Manufacturer, 32);
        return $"{description} by {manufacturer}, version {info.LibraryVersion.Major}.{info.LibraryVersion.Minor}, "
            + $"Cryptoki {info.CryptokiVersion.Major}.{info.CryptokiVersion.Minor}";
    }

    /// <summary>The tokens that are present, initialised or not, as they describe themselves now.</summary>
    public IReadOnlyList<TokenDescription> GetTokens()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var call = new ModuleCall(Module);
        List<TokenDescription> tokens = [];
        foreach (nuint slotId in GetSlots())
        {
            CK_TOKEN_INFO info;
            var result = new ReturnValue(Module.Functions->C_GetTokenInfo(slotId, &info));
            if (result.Code != Pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED
                && (result.Recovery is Recovery.Reinitialize or Recovery.Probe || result.Code == Pkcs11.CKR_TOKEN_NOT_RECOGNIZED))
            {
                // Pulled out since the slots were listed, or unreadable: it must not hide the other tokens.
                continue;
            }

            CryptokiException.ThrowIfFailed((nuint)result.Code, nameof(CK_FUNCTION_LIST.C_GetTokenInfo));
            tokens.Add(TokenDescription.From(slotId, info));
        }

        return tokens;
    }

    /// <summary>Initialises a token that is still blank and gives it a label and both PINs.</summary>
    /// <param name="label">Its label, at most 32 bytes of UTF-8.</param>
    /// <param name="securityOfficerPin">The PIN that can set the user's PIN anew.</param>
    /// <param name="userPin">The PIN that keys are used with.</param>
    /// <exception cref="CryptokiRefusalException">A token with the label exists, none is blank, or a PIN has a length that it does not take.</exception>
    /// <exception cref="CryptokiException">The token refuses.</exception>
    public TokenDescription InitializeToken(string label, Pin securityOfficerPin, Pin userPin)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(label);
        ArgumentNullException.ThrowIfNull(securityOfficerPin);
        ArgumentNullException.ThrowIfNull(userPin);
        Span<byte> padded = stackalloc byte[LabelLength];
        padded.Fill((byte)' ');
        if (!Encoding.UTF8.TryGetBytes(label, padded, out _))
        {
            throw new ArgumentException($"a token label has at most {LabelLength} bytes", nameof(label));
        }

        lock (_gate)
        {
            IReadOnlyList<TokenDescription> tokens = GetTokens();
            if (tokens.Any(token => token.IsInitialized && string.Equals(token.Label, label, StringComparison.Ordinal)))
            {
                throw new CryptokiRefusalException(CryptokiRefusal.TokenExists, $"a token '{label}' exists already");
            }

            TokenDescription blank = tokens.FirstOrDefault(token => !token.IsInitialized)
                ?? throw new CryptokiRefusalException(CryptokiRefusal.NoUninitializedToken, $"no blank token for '{label}'");

            // Checked first: a PIN refused half-way would leave a token without a user PIN behind.
            RequirePinLength(blank, securityOfficerPin);
            RequirePinLength(blank, userPin);
            InitializeBlank(blank.SlotId, padded, securityOfficerPin);
            using (SessionHandle session = SessionHandle.Open(Module, new TokenGeneration(Module.Module.Initialization, blank.SlotId)))
            {
                session.LogIn(Pkcs11.CKU_SO, securityOfficerPin);
                session.SetUserPin(userPin);
                session.LogOut();
            }

            return FindToken(label);
        }
    }

    /// <summary>Finalises the module once the last session and running call are done; open tokens can finish what they do.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Module.Dispose();
    }

    internal TokenDescription FindToken(string label)
    {
        TokenDescription[] found =
            [.. GetTokens().Where(token => token.IsInitialized && string.Equals(token.Label, label, StringComparison.Ordinal))];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new CryptokiRefusalException(CryptokiRefusal.TokenNotFound, $"no token '{label}'"),
            _ => throw new CryptokiRefusalException(CryptokiRefusal.TokenAmbiguous, $"{found.Length} tokens '{label}'"),
        };
    }

    /// <summary>What a token says of itself; null, and why, when it does not answer.</summary>
    internal TokenDescription? Ask(TokenGeneration generation, out ReturnValue answer)
    {
        using var call = new ModuleCall(Module);
        CK_TOKEN_INFO info;
        answer = new ReturnValue(Module.Functions->C_GetTokenInfo((nuint)generation.SlotId, &info));
        return answer.Recovery == Recovery.Success ? TokenDescription.From((nuint)generation.SlotId, info) : null;
    }

    /// <summary>Bars every further login to the token: repeating a refused PIN is how tokens get locked (A50).</summary>
    internal void Refuse(string label)
    {
        lock (_gate)
        {
            _refusedLabels.Add(label);
        }
    }

    internal void ThrowIfRefused(string label)
    {
        lock (_gate)
        {
            if (_refusedLabels.Contains(label))
            {
                throw new CryptokiRefusalException(
                    CryptokiRefusal.CredentialFailedBefore, $"a login to token '{label}' failed before; it is not tried again");
            }
        }
    }

    private static void RequirePinLength(TokenDescription token, Pin pin)
    {
        ulong length = (ulong)pin.Bytes.Length;
        if (length < token.MinPinLength || (token.MaxPinLength != 0 && length > token.MaxPinLength))
        {
            throw new CryptokiRefusalException(
                CryptokiRefusal.PinLength, $"wanted a PIN of {token.MinPinLength} to {token.MaxPinLength} bytes, got {length}");
        }
    }

    private void InitializeBlank(ulong slotId, ReadOnlySpan<byte> paddedLabel, Pin securityOfficerPin)
    {
        using var call = new ModuleCall(Module);
        fixed (byte* label = paddedLabel, pin = securityOfficerPin.Bytes)
        {
            nuint result = Module.Functions->C_InitToken((nuint)slotId, pin, (nuint)securityOfficerPin.Bytes.Length, label);
            CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_InitToken));
        }
    }

    private nuint[] GetSlots()
    {
        while (true)
        {
            nuint count;
            CryptokiException.ThrowIfFailed(Module.Functions->C_GetSlotList(1, null, &count), nameof(CK_FUNCTION_LIST.C_GetSlotList));
            nuint[] slots = new nuint[(int)count];
            fixed (nuint* start = slots)
            {
                nuint result = count == 0 ? Pkcs11.CKR_OK : Module.Functions->C_GetSlotList(1, start, &count);
                if (result == Pkcs11.CKR_BUFFER_TOO_SMALL)
                {
                    // A token was plugged in between the two calls.
                    continue;
                }

                CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_GetSlotList));
            }

            return slots[..(int)count];
        }
    }
}
