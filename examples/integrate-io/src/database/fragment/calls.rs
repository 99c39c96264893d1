//! Calls of functions in a fragment.

use sqlparser::ast::{
    Expr, Function as ParsedCall, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    ObjectNamePart, Spanned,
};

use super::{
    FragmentError,
    check::Checker,
    expression::Expression,
    functions::{self, Form, Function},
};

impl Checker<'_> {
    /// A call as it was written. Everything that can be said at a call is looked at, and most of it refused.
    pub(super) fn function(&mut self, parsed: &Expr, call: &ParsedCall) -> Result<Expression, FragmentError> {
        let ParsedCall { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } = call;
        let name = match name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] if name.quote_style.is_none() => &name.value,
            _ => return self.refuse(parsed, &format!("the function `{name}`, with a schema or in quotes,")),
        };
        if over.is_some() {
            return self.refuse(parsed, "a window function");
        }
        let function = self.known(parsed, name)?;
        let is_plain = !uses_odbc_syntax
            && *parameters == FunctionArguments::None
            && within_group.is_empty()
            && filter.is_none()
            && null_treatment.is_none()
            && matches!(args, FunctionArguments::None) == (function.form == Form::Word);
        if !is_plain {
            return self.refuse(parsed, &format!("that form of the call of `{name}`"));
        }
        let args = match args {
            FunctionArguments::None => [].as_slice(),
            FunctionArguments::Subquery(_) => return self.refuse(parsed, "a subquery"),
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: Some(treatment), .. }) => {
                return self.refuse(parsed, &format!("{treatment} in the call of `{name}`"));
            }
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses })
                if clauses.is_empty() =>
            {
                args.as_slice()
            }
            FunctionArguments::List(_) => return self.refuse(parsed, &format!("that form of the call of `{name}`")),
        };
        let mut arguments = Vec::with_capacity(args.len());
        for argument in args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => arguments.push(argument),
                _ => return self.refuse(parsed, &format!("an argument of `{name}` that is no value")),
            }
        }
        self.call(parsed, function, &arguments)
    }

    /// A call that the parser has a form of its own for, as `TRIM(BOTH …)`.
    pub(super) fn named(
        &mut self,
        parsed: &Expr,
        name: &str,
        arguments: &[&Expr],
    ) -> Result<Expression, FragmentError> {
        let function = self.known(parsed, name)?;
        self.call(parsed, function, arguments)
    }

    fn known(&self, parsed: &Expr, name: &str) -> Result<&'static Function, FragmentError> {
        let Some(function) = functions::function(self.engine, name) else {
            let what = if functions::is_aggregate(name) { "aggregate function" } else { "function" };
            let names = functions::names(self.engine);
            return self.fault(parsed.span(), format!("the {what} `{name}` is not allowed here; these are: {names}"));
        };
        Ok(function)
    }

    fn call(
        &mut self,
        parsed: &Expr,
        function: &'static Function,
        arguments: &[&Expr],
    ) -> Result<Expression, FragmentError> {
        if !function.arguments.contains(&arguments.len()) {
            let (least, most) = (function.arguments.start(), function.arguments.end());
            let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return self.fault(parsed.span(), format!("`{}` takes {takes} arguments", function.name));
        }
        let arguments = arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>, _>>()?;
        // Each character of the text is looked for in all of the second argument: that must not be as long as the text.
        if function.sql.ends_with("trim") && !matches!(arguments.get(1), None | Some(Expression::Literal(_))) {
            return self.fault(parsed.span(), format!("what `{}` takes away is a text in quotes", function.name));
        }
        Ok(Expression::Call { function, arguments })
    }
}
