/// A set of Unicode scalars, as a class in a regular expression names it.
struct ScalarSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    /// Sets that are part of this one.
    var members: [ScalarSet] = []
    /// Names of general categories that are part of it: `L` for all letters, `Lu` for the upper-case ones.
    var categories: [String] = []
    var isNegated = false

    init(_ ranges: ClosedRange<UInt32>..., negated: Bool = false) {
        self.ranges = ranges
        isNegated = negated
    }

    init(category: String, negated: Bool) {
        categories = [category]
        isNegated = negated
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        isNegated != (ranges.contains { $0.contains(scalar.value) }
            || !categories.isEmpty && categories.contains { Self.code(of: scalar).hasPrefix($0) }
            || members.contains { $0.contains(scalar) })
    }

    var negated: ScalarSet {
        var set = self
        set.isNegated.toggle()
        return set
    }

    static let digit = ScalarSet(0x30...0x39)
    static let word = ScalarSet(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A)
    /// White space and line ends of ECMA-262.
    static let space = ScalarSet(
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF)
    /// What a dot reads.
    static let anyButLineEnd = ScalarSet(0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029, negated: true)

    /// The code of a general category by what `\p{…}` may call it; nil of other properties.
    static func category(named name: String) -> String? {
        let bare = name.hasPrefix("General_Category=") ? String(name.dropFirst(17)) : name
        if let code = longNames[bare] { return code }
        return longNames.values.contains(bare) ? bare : nil
    }

    private static let longNames = [
        "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
        "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Nonspacing_Mark": "Mn", "Spacing_Mark": "Mc",
        "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd", "Letter_Number": "Nl",
        "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd",
        "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi", "Final_Punctuation": "Pf",
        "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk",
        "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Line_Separator": "Zl",
        "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc", "Format": "Cf", "Private_Use": "Co",
        "Unassigned": "Cn", "Surrogate": "Cs",
    ]

    private static func code(of scalar: Unicode.Scalar) -> String {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
